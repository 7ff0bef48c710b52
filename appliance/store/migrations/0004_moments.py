"""Changes by the moment: what is told of the last day does not read the whole journal."""

import peewee as pw


def up(migrator: object, db: pw.Database) -> None:
    """Create the index."""
    db.execute_sql("create index change_moment on change (created_at)")
