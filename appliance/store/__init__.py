"""SQLite through Peewee: rows <-> values of `appliance.zones`, the journal of changes, and the outcomes of deployments.

    zones  records  journal               written by the API and the command line, through `appliance.editing`
    accounts  credentials  sessions       written by API, console and command line, through `appliance.identity`
    invitations  audit
    outcomes  strays                      written by the deployer
    progress                              what outcomes say of the whole
    database  keeper  turns  copies       the file: transactions, failures, copies
    sqlite  binding                       connections, and which store the tables speak to

Peewee objects never leave this room. It knows no DNS rule, HTTP or nameserver.
"""
