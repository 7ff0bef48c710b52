"""What the deployer last found of each signed zone, for health and metrics: they read no document of any zone."""

import peewee as pw

STATEMENTS = (
    "alter table signing add column state text not null default 'unsigned'",
    # kinds, separated by spaces; empty if there is none
    "alter table signing add column problems text not null default ''",
    """
    create table signature_expiry (
        zone_id integer not null references zone (id),
        nameserver text not null,
        expires_at integer not null,
        primary key (zone_id, nameserver)
    ) without rowid
    """,
    "create index signing_state on signing (state)",
    "create index signing_problems on signing (problems) where problems <> ''",
    "create index signature_expiry_first on signature_expiry (nameserver, expires_at)",
    "create index signing_key_at_risk on signing_key (zone_id) where backed_up_at is null and ds <> 'hidden'",
    "update signing set due_at = since",
)


def up(migrator: object, db: pw.Database) -> None:
    """Add columns, table and indexes, and have every zone checked, which fills them."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
