"""Recovery codes: each replaces a code of the second factor once."""

import peewee as pw

STATEMENTS = (
    """
    create table recovery_code (
        id integer primary key,
        account_id integer not null references account (id),
        digest text not null unique,
        created_at integer not null,
        used_at integer
    )
    """,
    "create index recovery_code_account on recovery_code (account_id)",
)


def up(migrator: object, db: pw.Database) -> None:
    """Create the table and its index."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
