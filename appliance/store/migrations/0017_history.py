"""Expiry of records, confirmations of changes, and an index of rows of the journal without their content."""

import peewee as pw

STATEMENTS = (
    "alter table record add column expires_at integer",
    "create index record_expiry on record (expires_at) where expires_at is not null",
    # a change that is reverted at due_at unless it is confirmed before
    """
    create table pending_change (
        change_id integer primary key references change (id),
        due_at integer not null,
        confirmed_at integer,
        reverted_at integer
    )
    """,
    "create index pending_change_due on pending_change (due_at) where confirmed_at is null and reverted_at is null",
    "create index change_incomplete on change (zone_id, id) where content_removed_at is not null or format < 2",
)


def up(migrator: object, db: pw.Database) -> None:
    """Add the column, the table and the indices."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
