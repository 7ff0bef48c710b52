"""When each token was last used at each door; so far all were used at the API."""

import peewee as pw

STATEMENTS = (
    """
    create table token_use (
        token_id integer not null references token (id),
        door text not null,
        used_at integer not null,
        primary key (token_id, door)
    ) without rowid
    """,
    "insert into token_use select id, 'api', last_used_at from token where last_used_at is not null",
)


def up(migrator: object, db: pw.Database) -> None:
    """Create the table, and store the last uses that are known."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
