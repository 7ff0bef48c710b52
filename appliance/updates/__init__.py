"""The listener for DNS UPDATE (RFC 2136) and zone transfers, signed with the TSIG keys of tokens.

    messages       messages as they arrive, read without interpretation
    signatures     TSIG: verification of requests, signatures of responses

It writes through the Editor and never to a nameserver.
"""
