"""DNS questions and transfers asked of nameservers, nothing else.

Only an answer says what is served. This room changes nothing, and must not know the store or what was wanted.
"""
