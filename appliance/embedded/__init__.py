"""The whole appliance as children of one process, on loopback: two named, the deployer and the API.

    state      the folder with everything in it: keys, configuration, zone files, store
    children   programs that are started, watched, started again, and ended with their parent
    run        the order of it all, and what is printed

It touches no system service and nothing outside its state folder.
"""
