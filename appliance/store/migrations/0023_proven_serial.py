"""The serial at which the content of the primary was last proven to be that of the store."""

import peewee as pw

# null: unknown; the zone is then published by a file
STATEMENT = "alter table deployment add column proven integer"


def up(migrator: object, db: pw.Database) -> None:
    """Add the column, unknown in all rows."""
    db.execute_sql(STATEMENT)
