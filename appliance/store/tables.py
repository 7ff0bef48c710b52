"""The tables as Peewee models; `migrations/` defines columns and indices."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeVar

import peewee as pw

from appliance.store.columns import Document, Instant
from appliance.store.file.binding import CurrentDatabase
from appliance.store.identity_tables import (
    Account,
    AuditEvent,
    Invitation,
    RecoveryCode,
    Session,
    Token,
    TokenUse,
    TsigKey,
)
from appliance.store.service_tables import Fault, Heartbeat, Idempotency, UnknownZone, UpdateListener

__all__ = [
    "TABLES",
    "Account",
    "AuditEvent",
    "Change",
    "Confirmation",
    "Deployment",
    "Draft",
    "Fault",
    "Heartbeat",
    "Hold",
    "Idempotency",
    "Invitation",
    "Observation",
    "PendingChange",
    "Record",
    "RecoveryCode",
    "Session",
    "SignatureExpiry",
    "Signing",
    "SigningKey",
    "Token",
    "TokenUse",
    "TsigKey",
    "UnknownZone",
    "UnsettledZone",
    "UpdateListener",
    "Zone",
    "batches",
]

Value = TypeVar("Value")


class Zone(pw.Model):
    id = pw.AutoField()
    uuid = pw.UUIDField()
    account = pw.ForeignKeyField(Account)
    account_id: int
    name = pw.TextField()
    name_key = pw.TextField()
    serial = pw.IntegerField()
    revision = pw.IntegerField()
    default_ttl = pw.IntegerField()
    protected = pw.BooleanField()
    comment = pw.TextField()
    record_count = pw.IntegerField()
    created_at = Instant()
    updated_at = Instant()
    queued_at = Instant()
    deleted_at = Instant(null=True)
    dnssec = pw.BooleanField(default=False)
    signed = pw.BooleanField(default=False)
    signed_serial = pw.IntegerField(null=True)


class Record(pw.Model):
    id = pw.AutoField()
    uuid = pw.UUIDField()
    zone = pw.ForeignKeyField(Zone)
    owner = pw.TextField()
    owner_key = pw.TextField()
    rdtype = pw.TextField()
    ttl = pw.IntegerField()
    wire = pw.BlobField()
    value = pw.TextField()
    priority = pw.IntegerField(null=True)
    line = pw.TextField()
    comment = pw.TextField()
    revision = pw.IntegerField()
    created_at = Instant()
    updated_at = Instant()
    expires_at = Instant(null=True)


class Change(pw.Model):
    """The journal: who changed which zone, when, from where, and how; `appliance.store.journal` describes `format`.

    Its numbers of records are stored with it, in older rows when retention removes its content (`content_removed_at`).
    """

    id = pw.AutoField()
    uuid = pw.UUIDField()
    zone = pw.ForeignKeyField(Zone)
    kind = pw.TextField()
    serial = pw.IntegerField()
    account = pw.UUIDField(null=True)
    actor = pw.TextField()
    address = pw.TextField()
    comment = pw.TextField()
    created_at = Instant()
    format = pw.IntegerField(default=1)
    removed = Document()
    added = Document()
    settings = Document(null=True)
    content_removed_at = Instant(null=True)
    added_count = pw.IntegerField(null=True)
    changed_count = pw.IntegerField(null=True)
    removed_count = pw.IntegerField(null=True)


class PendingChange(pw.Model):
    """A change that is reverted at `due_at` unless it is confirmed before; `reverted_by` is what reverted it."""

    change = pw.ForeignKeyField(Change, primary_key=True)
    due_at = Instant()
    confirmed_at = Instant(null=True)
    reverted_at = Instant(null=True)
    reverted_by = pw.UUIDField(null=True)

    class Meta:
        table_name = "pending_change"


class Draft(pw.Model):
    """Unsaved changes of a zone by an account, in the form of the API."""

    zone = pw.ForeignKeyField(Zone)
    account = pw.UUIDField()
    changes = Document()
    updated_at = Instant()

    class Meta:
        primary_key = pw.CompositeKey("zone", "account")


class Deployment(pw.Model):
    """What the deployer last did for a zone; `proven` is the serial at which the primary's content equalled its own."""

    zone = pw.ForeignKeyField(Zone, primary_key=True)
    serial = pw.IntegerField(null=True)
    live_serial = pw.IntegerField(null=True)
    live_at = Instant(null=True)
    error = pw.TextField(null=True)
    removed_at = Instant(null=True)
    published_serial = pw.IntegerField(null=True)
    published_digest = pw.TextField(null=True)
    published_apex = pw.TextField(null=True)
    published_method = pw.TextField(null=True)
    proven = pw.IntegerField(null=True)


class UnsettledZone(pw.Model):
    """A zone that may not be live, or deleted and still served; triggers of the database keep this table."""

    zone = pw.ForeignKeyField(Zone, primary_key=True)

    class Meta:
        table_name = "unsettled_zone"


class Observation(pw.Model):
    """What a nameserver last answered for a zone."""

    zone = pw.ForeignKeyField(Zone)
    nameserver = pw.TextField()
    serial = pw.IntegerField(null=True)
    state = pw.TextField()
    checked_at = Instant(null=True)
    changed_at = Instant(null=True)
    answered = pw.BooleanField(default=False)

    class Meta:
        table_name = "observation"
        primary_key = pw.CompositeKey("zone", "nameserver")


class Confirmation(pw.Model):
    """When the last completed reconciliation queried a nameserver; confirms its observations that are `answered`."""

    nameserver = pw.TextField(primary_key=True)
    confirmed_at = Instant()


class Hold(pw.Model):
    """A zone that is not published until its ownership is proven by a TXT record with `token`."""

    zone = pw.ForeignKeyField(Zone, primary_key=True)
    token = pw.TextField()
    reason = pw.TextField()
    problem = pw.TextField(default="")
    checks = pw.IntegerField(default=0)
    checked_at = Instant(null=True)
    due_at = Instant()


class Signing(pw.Model):
    """What is known of the DNSSEC of a zone that is or was signed; `appliance.store.signing` reads and writes it."""

    zone = pw.ForeignKeyField(Zone, primary_key=True)
    since = Instant()
    due_at = Instant()
    signed_at = Instant(null=True)
    confirmed = Document(null=True)
    roll_requested_at = Instant(null=True)
    parent = Document(null=True)
    gone_since = Instant(null=True)
    gone_at = Instant(null=True)
    ds_ttl = pw.IntegerField()
    served = Document(default=dict)
    reported = Document(default=dict)
    lacks_keys = pw.BooleanField(default=False)
    is_stuck = pw.BooleanField(default=False)
    state = pw.TextField(default="unsigned")
    problems = pw.TextField(default="")
    delegated = Document(default=list)


class SigningKey(pw.Model):
    """A key that signs a zone, without its private part, and what named knows of it."""

    zone = pw.ForeignKeyField(Zone)
    tag = pw.IntegerField()
    algorithm = pw.IntegerField()
    flags = pw.IntegerField()
    public_key = pw.TextField()
    created_at = Instant()
    is_wanted = pw.BooleanField()
    dnskey = pw.TextField()
    ds = pw.TextField()
    backed_up_at = Instant(null=True)

    class Meta:
        table_name = "signing_key"
        primary_key = pw.CompositeKey("zone", "tag", "public_key")


class SignatureExpiry(pw.Model):
    """When the signature of the SOA expires that a nameserver serves of a signed zone."""

    zone = pw.ForeignKeyField(Zone)
    nameserver = pw.TextField()
    expires_at = Instant()

    class Meta:
        table_name = "signature_expiry"
        primary_key = pw.CompositeKey("zone", "nameserver")


TABLES = (
    Account,
    Token,
    TokenUse,
    TsigKey,
    Session,
    Invitation,
    RecoveryCode,
    Zone,
    Record,
    Change,
    PendingChange,
    Draft,
    Idempotency,
    AuditEvent,
    Deployment,
    UnsettledZone,
    Observation,
    Confirmation,
    Hold,
    Signing,
    SigningKey,
    SignatureExpiry,
    UnknownZone,
    Fault,
    Heartbeat,
    UpdateListener,
)
for _table in TABLES:
    _table.bind(CurrentDatabase(), bind_refs=False, bind_backrefs=False)


def batches(values: Iterable[Value], size: int = 1000) -> Iterator[list[Value]]:
    """Yield the values in lists that fit into one statement."""
    rest = iter(values)
    while part := list(itertools.islice(rest, size)):
        yield part
