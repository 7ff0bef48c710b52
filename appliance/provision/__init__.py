"""What must exist before the processes of an appliance start, on a host or in a state folder.

    bootstrap    keys and an empty catalog zone, created once
    servers      the named.conf of each nameserver in the settings
    users        owners of files on a host
    prepare      `dns-appliance host prepare`: creates whatever is missing on a host
    rotation     `dns-appliance host rotate-keys`: the three steps that replace keys

This package starts no program, queries no nameserver and replaces no existing file.
"""
