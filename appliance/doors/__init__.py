"""Doors: other protocols on the same zones, tokens and rules. Each one only translates.

    request -> one call of the Editor -> wait until every nameserver is seen serving it -> answer

    door      a protocol over HTTP: its paths, credential, errors, and how long it waits
    principals the credential and the principal of a request
    seen      waiting until changes are seen served
    registry  all doors over HTTP, switched by the settings
    txt_sets  changes of the TXT records at a name
    powerdns, httpreq, dyndns2, acme_dns, external_dns: one protocol each

A door imports neither the API nor the console, and decides nothing about DNS.
"""
