"""When nameservers last answered, apart from when their answer last changed; and what was last published, and how.

Indices: what is purged is found by its age, and a page of the audit log is read without sorting all of it.
"""

import peewee as pw

STATEMENTS = (
    "alter table outcome add column changed_at integer",
    "update outcome set changed_at = checked_at",
    # 1: the nameserver answered about the zone when it was last queried, so that a later reconciliation confirms it
    "alter table outcome add column answered integer not null default 0",
    # null: published by a release that did not store it, or by another store
    "alter table deployment add column published_serial integer",
    "alter table deployment add column published_digest text",
    "alter table deployment add column published_apex text",
    "alter table deployment add column published_method text",
    "create table confirmation (nameserver text primary key, confirmed_at integer not null) without rowid",
    "create index zone_deleted on zone (deleted_at) where deleted_at is not null",
    "create index act_moment on act (created_at)",
    "create index act_account_moment on act (account, created_at)",
    "drop index act_account",
)


def up(migrator: object, db: pw.Database) -> None:
    """Add the columns and create the table and the indices."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
