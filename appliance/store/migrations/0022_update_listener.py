"""What the listener for DNS UPDATE reports of itself, in one row: the API shows it."""

import peewee as pw

STATEMENT = """
    create table update_listener (
        id integer primary key,
        beat_at integer not null,
        responses text not null
    )
"""


def up(migrator: object, db: pw.Database) -> None:
    """Create the table."""
    db.execute_sql(STATEMENT)
