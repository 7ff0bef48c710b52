"""The tables as Peewee models; `migrations/` defines columns and indices."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import peewee as pw

from appliance.store.file.binding import CurrentDatabase

Value = TypeVar("Value")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(pw.Field):
    """A point in time: aware UTC datetime <-> integer microseconds since 1970."""

    field_type = "INTEGER"

    def db_value(self, value: datetime | None) -> int | None:
        """Return microseconds."""
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def python_value(self, value: int | None) -> datetime | None:
        """Return an aware datetime in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Seconds(pw.Field):
    """A duration <-> integer seconds."""

    field_type = "INTEGER"

    def db_value(self, value: timedelta | None) -> int | None:
        """Return seconds."""
        return None if value is None else value // timedelta(seconds=1)

    def python_value(self, value: int | None) -> timedelta | None:
        """Return a duration."""
        return None if value is None else timedelta(seconds=value)


class JsonText(str):
    """The text of a document, as it is stored."""

    __slots__ = ()

    @classmethod
    def of(cls, value: Any) -> JsonText:  # noqa: ANN401 - any JSON value
        """Return the text of a value."""
        return cls(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


class Document(pw.Field):
    """A list or mapping of JSON values, stored as text."""

    field_type = "TEXT"

    def db_value(self, value: Any) -> str | None:  # noqa: ANN401 - any JSON value
        """Return JSON text; a JsonText is stored as it is."""
        return value if value is None or isinstance(value, JsonText) else JsonText.of(value)

    def python_value(self, value: str | None) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value of the text."""
        return None if value is None else json.loads(value)


class Account(pw.Model):
    id = pw.AutoField()
    uuid = pw.UUIDField()
    email = pw.TextField()
    is_admin = pw.BooleanField()
    password_hash = pw.TextField(null=True)
    password_is_first = pw.BooleanField(default=False)
    totp_secret = pw.TextField(null=True)
    totp_step = pw.IntegerField(default=0)
    zone_count = pw.IntegerField()
    created_at = Instant()
    disabled_at = Instant(null=True)


class Token(pw.Model):
    id = pw.AutoField()
    uuid = pw.UUIDField()
    account = pw.ForeignKeyField(Account)
    name = pw.TextField()
    prefix = pw.TextField()
    digest = pw.TextField()
    permissions = Document()
    networks = Document(null=True)
    zones = Document(null=True)
    record_types = Document(null=True)
    record_names = Document(null=True)
    policies = Document(null=True)
    create_zones = pw.BooleanField(null=True)
    delete_zones = pw.BooleanField(null=True)
    max_unused = Seconds(null=True)
    created_by = pw.UUIDField(null=True)
    created_at = Instant()
    expires_at = Instant(null=True)
    last_used_at = Instant(null=True)
    revoked_at = Instant(null=True)


class Session(pw.Model):
    """A browser that is signed in to the console; `digest` is the SHA-256 of its secret."""

    id = pw.AutoField()
    uuid = pw.UUIDField()
    account = pw.ForeignKeyField(Account)
    digest = pw.TextField()
    created_at = Instant()
    seen_at = Instant()
    expires_at = Instant()
    address = pw.TextField()
    agent = pw.TextField()
    ended_at = Instant(null=True)


class Invitation(pw.Model):
    """A link with which one person may create their own account."""

    id = pw.AutoField()
    uuid = pw.UUIDField()
    digest = pw.TextField()
    email = pw.TextField()
    is_admin = pw.BooleanField()
    invited_by = pw.TextField()
    created_at = Instant()
    expires_at = Instant()
    ended_at = Instant(null=True)


class RecoveryCode(pw.Model):
    """A code that replaces one of the second factor, once; `digest` is the SHA-256 of the code."""

    id = pw.AutoField()
    account = pw.ForeignKeyField(Account)
    digest = pw.TextField()
    created_at = Instant()
    used_at = Instant(null=True)

    class Meta:
        table_name = "recovery_code"


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

    Its numbers of records are stored with a row, in older rows at the end of its retention; then a row has no content,
    but `content_removed_at`.
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
    """A change that is reverted at `due_at` unless it is confirmed before."""

    change = pw.ForeignKeyField(Change, primary_key=True)
    due_at = Instant()
    confirmed_at = Instant(null=True)
    reverted_at = Instant(null=True)

    class Meta:
        table_name = "pending_change"


class AuditEvent(pw.Model):
    """An action that changed no zone; `account` is the account that it concerns, `subject` what it was done to.

    `detail` is what it changed, such as the rights of a token.
    """

    id = pw.AutoField()
    uuid = pw.UUIDField()
    kind = pw.TextField()
    account = pw.UUIDField()
    subject = pw.TextField()
    detail = pw.TextField(default="")
    actor_account = pw.UUIDField(null=True)
    actor = pw.TextField()
    address = pw.TextField()
    created_at = Instant()

    class Meta:
        table_name = "audit_event"


class Draft(pw.Model):
    """Unsaved changes of a zone by an account, in the form of the API."""

    zone = pw.ForeignKeyField(Zone)
    account = pw.UUIDField()
    changes = Document()
    updated_at = Instant()

    class Meta:
        primary_key = pw.CompositeKey("zone", "account")


class Idempotency(pw.Model):
    """The first response to a request with an Idempotency-Key."""

    id = pw.AutoField()
    token = pw.UUIDField()
    path = pw.TextField()
    key = pw.TextField()
    digest = pw.TextField()
    status = pw.IntegerField()
    headers = Document()
    body = pw.TextField()
    created_at = Instant()


class Deployment(pw.Model):
    """What the deployer last did for a zone."""

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


class UnknownZone(pw.Model):
    """A zone that is served but not in the database; `allowed_at`: an operator allowed its removal."""

    label = pw.TextField(primary_key=True)
    name = pw.TextField()
    found_at = Instant()
    allowed_at = Instant(null=True)

    class Meta:
        table_name = "unknown_zone"


class Fault(pw.Model):
    """What the deployer fails to do for all zones, found by its last reconciliation; `found_at`: by which first."""

    subject = pw.TextField(primary_key=True)
    text = pw.TextField()
    remedy = pw.TextField()
    found_at = Instant()

    class Meta:
        table_name = "fault"


class Heartbeat(pw.Model):
    """The deployer's heartbeat, one row: its time, the last reconciliation, their number, and pending zones."""

    id = pw.AutoField()
    beat_at = Instant()
    reconciled_at = Instant(null=True)
    reconciliations = pw.IntegerField()
    pending = pw.IntegerField()

    class Meta:
        table_name = "heartbeat"


TABLES = (
    Account,
    Token,
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
    Observation,
    Confirmation,
    Hold,
    UnknownZone,
    Fault,
    Heartbeat,
)
for _table in TABLES:
    _table.bind(CurrentDatabase(), bind_refs=False, bind_backrefs=False)


def batches(values: Iterable[Value], size: int = 1000) -> Iterator[list[Value]]:
    """Yield the values in lists that fit into one statement."""
    rest = iter(values)
    while part := list(itertools.islice(rest, size)):
        yield part
