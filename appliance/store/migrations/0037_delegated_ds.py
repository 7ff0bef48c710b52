"""The DS records of a zone in its delegation by a zone of this appliance."""

import peewee as pw


def up(migrator: object, db: pw.Database) -> None:
    """Add the column, a list that is empty in all rows."""
    db.execute_sql("alter table signing add column delegated text not null default '[]'")
