"""The journal's lasting form: rows of format 2 hold all that a record or the settings of a zone consist of."""

import peewee as pw

STATEMENTS = (
    "alter table change add column format integer not null default 1",
    "alter table change add column settings text",
)


def up(migrator: object, db: pw.Database) -> None:
    """Add the columns; rows that are there, and those of a former release, are of format 1."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
