"""The database, SQLite through Peewee: rows <-> values of `appliance.zones`.

    zones  records  rrsets  journal         written through `appliance.editing`: by API, console, command line, deployer
    pending_changes  holds                  the same
    versions                                former states of zones, read from the journal
    zone_structure  warned_owners  occluded what a zone has at many names, without reading its records
    idempotency                             first responses, written with the write that they answer
    drafts                                  written by the console
    accounts  credentials  sessions         written by API, console and command line, through `appliance.identity`
    invitations  audit
    deployments  unknown_zones              written by the deployer
    statistics  zone_states                 counts over all zones and nameservers; states as SQL
    retention  restoration                  deletion of old rows; rows of a restored store
    wakeup                                  the notification of the deployer
    file                                    the SQLite file: connections, transactions, failures, copies

Peewee objects never leave this package. It must not know DNS rules, HTTP or nameservers.
"""
