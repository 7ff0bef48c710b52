"""The change that reverted one that was not confirmed, so that both cancel out."""

import peewee as pw

# uuid of the row of the journal; null if nothing was left to revert
STATEMENT = "alter table pending_change add column reverted_by text"


def up(migrator: object, db: pw.Database) -> None:
    """Add the column."""
    db.execute_sql(STATEMENT)
