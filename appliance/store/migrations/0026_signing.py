"""DNSSEC: which zones are signed, what is known of it, and their keys without what is private."""

import peewee as pw

STATEMENTS = (
    "alter table zone add column dnssec integer not null default 0",
    "alter table zone add column signed integer not null default 0",
    # the latest serial of the signed zone that was seen: named counts it on; null while the zone was never signed
    "alter table zone add column signed_serial integer",
    """
    create table signing (
        zone_id integer primary key references zone (id),
        since integer not null,
        due_at integer not null,
        signed_at integer,
        confirmed text,
        roll_requested_at integer,
        parent text,
        gone_since integer,
        gone_at integer,
        ds_ttl integer not null,
        served text not null,
        reported text not null,
        lacks_keys integer not null default 0,
        is_stuck integer not null default 0
    )
    """,
    """
    create table signing_key (
        zone_id integer not null references zone (id),
        tag integer not null,
        algorithm integer not null,
        flags integer not null,
        public_key text not null,
        created_at integer not null,
        is_wanted integer not null,
        dnskey text not null,
        ds text not null,
        backed_up_at integer,
        primary key (zone_id, tag, public_key)
    ) without rowid
    """,
    "create index signing_due_at on signing (due_at)",
)


def up(migrator: object, db: pw.Database) -> None:
    """Add the columns, off in all rows, and create the tables."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
