"""DNS queries and zone transfers, and nothing else.

Only a response shows what is served. This package changes nothing, and must not know the store or which serials are
desired.
"""
