"""What the deployer says of itself, and the zones that it found and the store never knew."""

import peewee as pw

STATEMENTS = (
    "create table stray (label text primary key, name text not null, found_at integer not null, allowed_at integer)",
    "alter table turn add column full_turn_at integer",
    "alter table turn add column full_turns integer not null default 0",
    "alter table turn add column waiting integer not null default 0",
)


def up(migrator: object, db: pw.Database) -> None:
    """Create the table and add the columns."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
