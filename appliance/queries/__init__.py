"""DNS queries and zone transfers, and nothing else.

Only a response shows what is served. This room changes nothing, and must not know the store or which serials are
desired.
"""
