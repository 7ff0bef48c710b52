"""What the deployer fails to do for all zones, such as commands that a nameserver refuses."""

import peewee as pw


def up(migrator: object, db: pw.Database) -> None:
    """Create the table."""
    db.execute_sql(
        "create table fault (subject text not null primary key, text text not null, remedy text not null,"
        " found_at integer not null)"
    )
