"""NS records by the nameserver that they name: its addresses are glue in every delegation of their zone."""

import peewee as pw


def up(migrator: object, db: pw.Database) -> None:
    """Create the index."""
    db.execute_sql("create index record_nameserver on record (zone_id, wire) where rdtype = 'NS'")
