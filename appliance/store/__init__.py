"""The database, SQLite through Peewee: rows <-> values of `appliance.zones`.

    zones  records  rrsets  journal         written by API, console and command line, through `appliance.editing`
    drafts                                  written by the console
    accounts  credentials  sessions         written by API, console and command line, through `appliance.identity`
    invitations  audit
    deployments  unknown_zones              written by the deployer
    statistics                              counts over all zones and nameservers
    retention  restoration                  deletion of old rows; rows of a restored store
    wakeup                                  the notification of the deployer
    file                                    the SQLite file: connections, transactions, failures, copies

Peewee objects never leave this package. It must not know DNS rules, HTTP or nameservers.
"""
