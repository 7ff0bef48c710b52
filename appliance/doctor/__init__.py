"""Check a host and say how to repair what is wrong, without changing anything.

    result      verdict, finding and repair        examine     all checks, in order, and their dependencies
    programs    Python, SQLite, BIND's tools       answers     nameservers, deployer, catalog, zones as answered
    storage     store, its permissions, clock      zones       the rules and BIND's checker on stored zones
    folders     keys, zone files, space, AppArmor  signing     what signed zones need: policy, keys, TTLs, clock
    channels    control channel, keys in use, named.conf
    kernel_clock  whether NTP keeps the clock
    installed   owners, permissions and units, which a state folder does not have

A check is a function from a `DoctorContext` to results. This package must not write rows or files, nor know HTTP.
"""
