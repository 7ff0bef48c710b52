"""The deployer: it brings zones from the store to the nameservers and queries them until they serve it.

    store --wakeup--> loop --+-> UPDATE of what changed, proven by IXFR ------------+--> verifier --> observations
                        ^    `-> workers: whole file (compile, check, publish, load) -'      |
                        `-------- reconciliation: compares everything from time to time -----'

There is no queue and no job table: what is to be done follows from the state of the store and of the nameservers. After
a crash between any two steps, the next reconciliation finds and repairs what is missing.
This package knows no HTTP. It changes zones only through the Editor: it raises a serial that a nameserver is ahead of,
deletes expired records, reverts unconfirmed changes, releases zones whose ownership is proven, publishes zones unsigned
when that is safe, and changes the DS of child zones.
"""
