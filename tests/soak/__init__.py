"""Long stress tests, run by `make soak`. Each part prints its figures and a verdict.

    doors    a minute of writes by every door on one zone, ns2 silent meanwhile; then malformed messages at each door
    storm    SIGKILL of all processes at random moments under load; acknowledged changes must not be lost, and every
             answer of signed zones must be valid
    signing  zones are signed, get a DS at their parent, lose it and are unsigned again, with kills and interruptions
    sweep    the deployer is killed at its 1st, 2nd, ... write, fsync, rename, unlink; then each call fails, once or
             permanently; the same for backup and restore
    zones    random valid zones: named loads what the API accepts, and both nameservers transfer it unchanged; some
             are signed
    fuzz     random and mutated text for every parser: only the appliance's own errors, and none slow

Short forms of the same code run in `make test`. The same seed gives the same inputs, but not the same timing.
"""
