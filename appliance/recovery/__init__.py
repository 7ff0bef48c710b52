"""Backup and restore of the store.

    backup          a copy of the store as one SQLite file, while the appliance runs
    restore         replaces the store by a backup; the replaced store is kept beside it
    takeover        what the restored store adopts from the replaced one: serials, deletions, revocations
    kept_signing    what a restore keeps of the DNSSEC of zones: it turns none off, and forgets no report of a DS
    signing_keys    the keys of signed zones, which a backup contains beside the store

A restore runs while neither API nor deployer does. This package must not query nameservers or run programs.
"""
