"""TSIG keys of tokens. Unlike other secrets they are kept readable: both sides compute with them."""

import peewee as pw

STATEMENT = """
    create table tsig_key (
        token_id integer primary key references token (id),
        secret blob not null
    )
"""


def up(migrator: object, db: pw.Database) -> None:
    """Create the table."""
    db.execute_sql(STATEMENT)
