"""The complete appliance as children of one process, on loopback: two named, deployer, API, listener for DNS UPDATE.

    state       the state folder: keys, configuration, zone files, store
    first_start password and token of the first account
    supervisor  child programs: start, restart, and stop with their parent
    run         start in order, print how to use it, supervise until stopped

It touches no system service and nothing outside its state folder.
"""
