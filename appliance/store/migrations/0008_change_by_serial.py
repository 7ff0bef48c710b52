"""Changes by zone and serial: a version of a zone is all rows of one serial."""

import peewee as pw


def up(migrator: object, db: pw.Database) -> None:
    """Create the index."""
    db.execute_sql("create index change_version on change (zone_id, serial)")
