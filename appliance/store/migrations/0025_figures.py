"""What the deployer counts, beside its heartbeat: the API exports it as metrics."""

import peewee as pw

STATEMENT = "alter table heartbeat add column figures text not null default '{}'"


def up(migrator: object, db: pw.Database) -> None:
    """Add the column."""
    db.execute_sql(STATEMENT)
