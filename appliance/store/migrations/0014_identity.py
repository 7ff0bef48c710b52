"""Recovery codes of second factors; policies of tokens, and their creators; what audit events changed."""

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
    "alter table token add column policies text",
    "alter table token add column create_zones integer",
    "alter table token add column delete_zones integer",
    # seconds
    "alter table token add column max_unused integer",
    # uuid of the token that created it
    "alter table token add column created_by text",
    "alter table audit_event add column detail text not null default ''",
)


def up(migrator: object, db: pw.Database) -> None:
    """Create the table and its index, and add the columns."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
