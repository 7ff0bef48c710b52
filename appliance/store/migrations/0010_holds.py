"""Zones that are held until their ownership is proven."""

import peewee as pw

STATEMENTS = (
    """
    create table hold (
        zone_id integer primary key references zone (id),
        token text not null,
        reason text not null,
        problem text not null default '',
        checks integer not null default 0,
        checked_at integer,
        due_at integer not null
    )
    """,
    "create index hold_due on hold (due_at)",
)


def up(migrator: object, db: pw.Database) -> None:
    """Create the table and its index."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
