"""What changes a nameserver: its checkers, its control channel, its files, its catalog.

This room must not know the store, nor decide what should be served; asking DNS is the work of `appliance.queries`.
"""
