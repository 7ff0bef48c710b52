"""Make it so: bring what the store wants to the nameservers, and ask them whether they serve it.

    store --notice--> loop --workers-> pipeline (compile, check, publish, reload) --> verify --> outcomes
                        ^                                                             |
                        `------- reconcile: every full turn, everything is compared --'

Level, not edge: no queue and no job table. A crash between any two stops is healed by the next full turn.
This room knows no HTTP and writes no zone, but for a serial that a nameserver was found ahead of.
"""
