"""The first tables.

Uniqueness and references are held here; what a zone may hold is decided in `appliance.zones`.
"""

import peewee as pw

STATEMENTS = """
create table account (
    id integer primary key,
    uuid text not null unique,
    email text not null unique,
    is_admin integer not null,
    password_hash text,
    zone_count integer not null,
    created_at integer not null,
    disabled_at integer
);
create table token (
    id integer primary key,
    uuid text not null unique,
    account_id integer not null references account (id),
    name text not null,
    prefix text not null,
    digest text not null unique,
    permissions text not null,
    networks text,
    zones text,
    record_types text,
    record_names text,
    created_at integer not null,
    expires_at integer,
    last_used_at integer,
    revoked_at integer
);
create index token_account on token (account_id);
create table zone (
    id integer primary key,
    uuid text not null unique,
    account_id integer not null references account (id),
    name text not null,
    name_key text not null,
    serial integer not null,
    revision integer not null,
    default_ttl integer not null,
    protected integer not null,
    comment text not null,
    record_count integer not null,
    created_at integer not null,
    updated_at integer not null,
    queued_at integer not null,
    deleted_at integer
);
create unique index zone_name on zone (name) where deleted_at is null;
create index zone_account on zone (account_id, name) where deleted_at is null;
create index zone_key on zone (name_key);
create table record (
    id integer primary key,
    uuid text not null unique,
    zone_id integer not null references zone (id),
    owner text not null,
    owner_key text not null,
    rdtype text not null,
    ttl integer not null,
    wire blob not null,
    value text not null,
    priority integer,
    line text not null,
    comment text not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null
);
create unique index record_content on record (zone_id, owner_key, rdtype, wire);
create table change (
    id integer primary key autoincrement,
    uuid text not null unique,
    zone_id integer not null references zone (id),
    kind text not null,
    serial integer not null,
    account text,
    actor text not null,
    address text not null,
    comment text not null,
    created_at integer not null,
    removed text not null,
    added text not null
);
create index change_zone on change (zone_id, id);
create table deployment (
    zone_id integer primary key references zone (id),
    serial integer,
    live_serial integer,
    live_at integer,
    error text,
    removed_at integer
);
create table outcome (
    zone_id integer not null references zone (id),
    nameserver text not null,
    serial integer,
    state text not null,
    checked_at integer,
    primary key (zone_id, nameserver)
) without rowid;
create table turn (
    id integer primary key,
    turned_at integer not null
);
"""


def up(migrator: object, db: pw.Database) -> None:
    """Create every table and index."""
    for statement in STATEMENTS.split(";"):
        if statement.strip():
            db.execute_sql(statement)
