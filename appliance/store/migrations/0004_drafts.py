"""Changes that are gathered and not yet saved; and changes by the moment, for what is told of the last day."""

import peewee as pw

STATEMENTS = (
    """
    create table draft (
        zone_id integer not null references zone (id),
        account text not null,
        changes text not null,
        updated_at integer not null,
        primary key (zone_id, account)
    ) without rowid
    """,
    "create index change_moment on change (created_at)",
)


def up(migrator: object, db: pw.Database) -> None:
    """Create the table and the index."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
