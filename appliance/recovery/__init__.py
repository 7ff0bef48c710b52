"""Backup and restore of the store.

    backup     a copy of the store as one SQLite file, while the appliance runs
    restore    replaces the store by a backup; the replaced store is kept beside it
    takeover   what the restored store adopts from the replaced one: serials, deletions, revocations

A restore runs while neither API nor deployer does. This package must not know nameservers or programs.
"""
