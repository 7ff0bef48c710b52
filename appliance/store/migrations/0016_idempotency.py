"""The first responses to requests with an Idempotency-Key, for a day."""

import peewee as pw

STATEMENTS = (
    """
    create table idempotency (
        id integer primary key,
        token text not null,
        path text not null,
        key text not null,
        digest text not null,
        status integer not null,
        headers text not null,
        body text not null,
        created_at integer not null,
        unique (token, path, key)
    )
    """,
    "create index idempotency_created_at on idempotency (created_at)",
)


def up(migrator: object, db: pw.Database) -> None:
    """Create the table and its index."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
