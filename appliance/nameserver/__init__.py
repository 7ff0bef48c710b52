"""Control of a nameserver: its checkers, control channel, zone files and catalog zone.

This package must not know the store, nor decide what should be served; `appliance.queries` sends DNS queries.
"""
