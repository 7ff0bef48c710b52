"""Nameservers that do not serve a zone as expected: a zone of which there is one is not live."""

import peewee as pw


def up(migrator: object, db: pw.Database) -> None:
    """Create the index."""
    db.execute_sql("create index observation_missing on observation (zone_id) where state <> 'live'")
