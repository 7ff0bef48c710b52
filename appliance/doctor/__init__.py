"""Looks at a whole host and says of each thing whether it is well, and else how it is mended. It changes nothing.

    result      what is said of one thing          examine     all checks, in order, and what each needs
    programs    Python, SQLite, BIND's tools       served      nameservers, deployer, catalog, zones as answered
    storage     store, its rights, the clock       zones       the rules and BIND's checker on what is stored
    folders     keys, zone files, space, AppArmor
    channels    control channel, keys in use, named.conf
    installed   what a host has that a state folder has not: users and rights, units

A check is a function from a `Site` to results. This room must not write rows or files, nor know HTTP.
"""
