"""Long runs that try to break the promises: `make soak`. Each part prints its figures and ends with a verdict.

    storm    kill -9 of everything at random moments, under load; the log of acknowledged changes is the oracle
    sweep    the deployer is killed at its 1st, 2nd, ... write, fsync, rename, unlink; then each of them fails, once and
             from then on; backup and restore likewise
    zones    random valid zones: what the API takes, named loads, and both nameservers give back octet for octet
    fuzz     random and mutated texts for every parser: our own errors alone, none slow

Short forms of the same code run in `make test`. The same seed makes the same inputs, though not the same moments.
"""
