"""What must be in place before the processes of an appliance start, on a host and in a state folder alike.

    beginnings   keys, and a catalog without members: made once, then kept
    servers      the named.conf of each nameserver, as the settings describe it
    users        who owns what on a host
    prepare      `dns-appliance host prepare`: everything on a host that is still missing

It starts no program, asks no nameserver, and replaces nothing that is there.
"""
