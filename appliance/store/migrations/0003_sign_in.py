"""Who is signed in to the console, who is invited, second factors, and the acts that are no change of a zone."""

import peewee as pw

STATEMENTS = (
    "alter table account add column password_is_first integer not null default 0",
    "alter table account add column totp_secret text",
    "alter table account add column totp_step integer not null default 0",
    """
    create table session (
        id integer primary key,
        uuid text not null unique,
        digest text not null unique,
        account_id integer not null references account (id),
        created_at integer not null,
        seen_at integer not null,
        expires_at integer not null,
        address text not null,
        agent text not null,
        ended_at integer
    )
    """,
    "create index session_account on session (account_id)",
    """
    create table invitation (
        id integer primary key,
        uuid text not null unique,
        digest text not null unique,
        email text not null,
        is_admin integer not null,
        invited_by text not null,
        created_at integer not null,
        expires_at integer not null,
        ended_at integer
    )
    """,
    """
    create table act (
        id integer primary key autoincrement,
        uuid text not null unique,
        kind text not null,
        account text not null,
        subject text not null,
        actor_account text,
        actor text not null,
        address text not null,
        created_at integer not null
    )
    """,
    "create index act_account on act (account, id)",
    "create index zone_owner on zone (account_id)",
)


def up(migrator: object, db: pw.Database) -> None:
    """Add the columns and create the tables and indices."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
