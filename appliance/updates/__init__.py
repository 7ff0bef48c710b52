"""The listener for DNS UPDATE (RFC 2136) and zone transfers, signed with the TSIG keys of tokens.

    messages       messages as they arrive, read without interpretation
    signatures     TSIG: verification of requests, signatures of responses
    zone_records   what is stored, as an update sees it
    prerequisites  the prerequisite section
    update_section the update section, as requests of the Editor
    zone_transfer  a whole zone, as the messages of a transfer
    forwarding     queries, passed on to the primary
    responder      the responses to one message
    open_connections  how many there may be
    listener       UDP and TCP
    reports        what it reports of itself
    updates_process  the process

It writes through the Editor and never to a nameserver.
"""
