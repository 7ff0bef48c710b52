"""Tables, columns and indices get the names that they keep: those of the field."""

import peewee as pw

STATEMENTS = (
    "alter table act rename to audit_event",
    "drop index act_moment",
    "drop index act_account_moment",
    "create index audit_event_moment on audit_event (created_at)",
    "create index audit_event_account_moment on audit_event (account, created_at)",
    "alter table outcome rename to observation",
    "alter table stray rename to unknown_zone",
    "alter table turn rename to heartbeat",
    "alter table heartbeat rename column turned_at to beat_at",
    "alter table heartbeat rename column full_turn_at to reconciled_at",
    "alter table heartbeat rename column full_turns to reconciliations",
    "alter table heartbeat rename column waiting to pending",
)


def up(migrator: object, db: pw.Database) -> None:
    """Rename."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
