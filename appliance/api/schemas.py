"""The shapes of what is sent and answered, in the order of their fields, for reading, writing and documenting.

They know JSON and nothing of DNS: a text is a text here, and `appliance.zones` says whether it is a name.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from appliance.api.fields import OnlyNull, QueryNumber, StrictBoolean, StrictInteger, StrictText, TextList, Timestamp
from appliance.zones.model import MAX_TTL
from appliance.zones.rdata import MAX_PRIORITY, TYPES

MAX_PAGE = 1_000_000
MAX_PAGE_SIZE = 1000
PAGE_SIZE = 100


class Strict(ma.Schema):
    """A shape that takes its own fields and no others."""

    error_messages = {"unknown": "there is no such field here"}  # noqa: RUF012 - as inherited


def _read_only() -> fields.Raw:
    return fields.Raw(metadata={"description": "Read-only: may be sent back as it was received."})


def _ttl(**kwargs: Any) -> StrictInteger:  # noqa: ANN401 - marshmallow's own
    return StrictInteger(0, MAX_TTL, **kwargs)


def _described(text: str, example: object = None) -> dict[str, object]:
    return {"description": text} | ({} if example is None else {"example": example})


class Error(ma.Schema):
    """Every error of every call."""

    detail = fields.String(required=True, metadata=_described("For a person.", "MX records require a priority value"))
    error_code = fields.String(required=True, metadata=_described("For a program.", "validation_error"))
    field = fields.String(
        required=True, allow_none=True, metadata=_described("JSON path of the input at fault.", "priority")
    )


class Nameserver(ma.Schema):
    """What one nameserver last answered for the zone."""

    name = fields.String(required=True, metadata=_described("", "ns1.example.net"))
    serial = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(("live", "lagging", "unreachable")))
    checked_at = Timestamp(required=True, allow_none=True, metadata=_described("When it last answered."))
    changed_at = Timestamp(
        required=True, allow_none=True, metadata=_described("When its serial or its state last changed.")
    )


class Deployment(ma.Schema):
    """What is served. `live` means that every nameserver was asked over DNS and answered with the serial."""

    state = fields.String(required=True, validate=validate.OneOf(("pending", "deploying", "live", "failed")))
    serial = fields.Integer(required=True, metadata=_described("The serial that is or will be published."))
    live_serial = fields.Integer(required=True, allow_none=True, metadata=_described("The last one seen everywhere."))
    nameservers = fields.List(fields.Nested(Nameserver), required=True)
    error = fields.String(required=True, allow_none=True, metadata=_described("Why it failed."))
    queued_at = Timestamp(required=True)
    live_at = Timestamp(required=True, allow_none=True)


class Record(ma.Schema):
    """One resource record."""

    uuid = fields.UUID(required=True)
    record_type = fields.String(required=True, metadata=_described("", "MX"))
    name = fields.String(required=True, metadata=_described("Relative to the zone; @ is the apex.", "@"))
    value = fields.String(required=True, metadata=_described("Canonical, without final dots.", "mail.example.com"))
    ttl = fields.Integer(required=True, metadata=_described("Seconds.", 3600))
    priority = fields.Integer(required=True, allow_none=True, metadata=_described("MX and SRV alone have one.", 10))
    created_at = Timestamp(required=True)
    zone = fields.UUID(required=True)
    fqdn = fields.String(required=True, metadata=_described("The full name.", "example.com"))
    updated_at = Timestamp(required=True)
    comment = fields.String(required=True)
    expires_at = Timestamp(required=True, allow_none=True)


class ZoneSummary(ma.Schema):
    """A zone without its records."""

    uuid = fields.UUID(required=True)
    domain = fields.String(required=True, metadata=_described("Lower case, A-labels.", "xn--bcher-kva.example"))
    created_at = Timestamp(required=True)
    record_count = fields.Integer(required=True, metadata=_described("SOA and the appliance's own NS do not count."))
    domain_unicode = fields.String(required=True, metadata=_described("", "bücher.example"))
    serial = fields.Integer(required=True, metadata=_described("The serial that is or will be published."))
    updated_at = Timestamp(required=True)
    default_ttl = fields.Integer(required=True, metadata=_described("TTL of a record where none is named.", 3600))
    dnssec = fields.Boolean(required=True)
    protected = fields.Boolean(required=True, metadata=_described("A protected zone is not deleted."))
    comment = fields.String(required=True)
    deployment = fields.Nested(Deployment, required=True)


class ZoneDetail(ZoneSummary):
    """A zone with its records."""

    records = fields.List(fields.Nested(Record), required=True)


class Account(ma.Schema):
    """Who the token belongs to."""

    email = fields.String(required=True, metadata=_described("", "me@example.org"))
    uuid = fields.UUID(required=True)


class UsedToken(ma.Schema):
    """The token that was used; its secret is never told."""

    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata=_described("The first characters of the secret.", "vps_x7KfQ2ab"))
    permissions = fields.List(fields.String(), required=True)
    expires_at = Timestamp(required=True, allow_none=True)


class Me(ma.Schema):
    """Who this request is from."""

    account = fields.Nested(Account, required=True)
    token = fields.Nested(UsedToken, required=True)


class Token(ma.Schema):
    """A token; null for zones, types, names or networks: no such limit."""

    uuid = fields.UUID(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata=_described("The first characters of the secret.", "vps_x7KfQ2ab"))
    permissions = fields.List(fields.String(), required=True)
    zones = fields.List(fields.UUID(), required=True, allow_none=True)
    record_types = fields.List(fields.String(), required=True, allow_none=True)
    record_names = fields.List(fields.String(), required=True, allow_none=True)
    allowed_networks = fields.List(fields.String(), required=True, allow_none=True)
    created_at = Timestamp(required=True)
    expires_at = Timestamp(required=True, allow_none=True)
    last_used_at = Timestamp(required=True, allow_none=True)


class NewToken(Token):
    """A token that was just made."""

    secret = fields.String(required=True, metadata=_described("What goes after `Bearer`; told this once."))


class AuditEntry(ma.Schema):
    """What somebody did: a change of a zone, or an act that concerned the account."""

    uuid = fields.UUID(required=True)
    created_at = Timestamp(required=True)
    action = fields.String(required=True, metadata=_described("", "records"))
    subject = fields.String(required=True, metadata=_described("What it was done to.", "example.com"))
    actor = fields.String(required=True, metadata=_described("Account, and token in brackets.", "me@example.org (ci)"))
    address = fields.String(required=True, metadata=_described("Where it came from; empty: from this host."))
    zone = fields.UUID(required=True, allow_none=True)
    serial = fields.Integer(required=True, allow_none=True)
    added = fields.Integer(required=True, metadata=_described("Records that were added, or changed."))
    removed = fields.Integer(required=True, metadata=_described("Records that were removed, or changed."))


class Paged(Strict):
    """Which part of a list is wanted."""

    page = QueryNumber(1, MAX_PAGE, load_default=1)
    page_size = QueryNumber(1, MAX_PAGE_SIZE, load_default=PAGE_SIZE)


class ZonePaged(Strict):
    """Which part of a zone's records is wanted; without either, all of them."""

    page = QueryNumber(1, MAX_PAGE)
    page_size = QueryNumber(1, MAX_PAGE_SIZE)


class ZoneFilters(Paged):
    """Which zones are wanted."""

    domain = StrictText(metadata=_described("The exact domain, in any letter case and in Unicode too.", "example.com"))
    search = StrictText(metadata=_described("A part of the domain.", "example"))


class RecordFilters(Paged):
    """Which records are wanted."""

    zone = StrictText(metadata=_described("The uuid of the zone."))
    record_type = StrictText(metadata=_described("", "A"))
    name = StrictText(metadata=_described("Relative to the zone; with `zone` a full name as well.", "www"))
    value = StrictText(metadata=_described("The exact value.", "192.0.2.1"))
    search = StrictText(metadata=_described("A part of name or value."))


def _limit(text: str, example: list[str]) -> TextList:
    return TextList(allow_none=True, metadata=_described(f"{text} Absent or null: no such limit.", example))


class TokenCreate(Strict):
    """A token to make, no wider than the one that makes it."""

    name = StrictText(required=True, metadata=_described("What it is for.", "laptop"))
    permissions = TextList(required=True, metadata=_described("", ["dns:list", "dns:update"]))
    zones = _limit("Uuids of the zones that it may see and change.", ["6e7fc837-055d-4206-b89b-569125dc9f91"])
    record_types = _limit("Types of the records that it may write.", ["TXT"])
    record_names = _limit("Patterns of the names of records that it may write.", ["_acme-challenge.*"])
    allowed_networks = _limit("Networks that it is taken from.", ["192.0.2.0/24"])
    expires_at = Timestamp(allow_none=True, metadata=_described("When it ends.", "2032-01-01T00:00:00Z"))


class ZoneCreate(Strict):
    """A zone to create."""

    domain = StrictText(required=True, metadata=_described("", "example.com"))


class ZonePatch(Strict):
    """Settings of a zone; what is absent stays."""

    default_ttl = _ttl()
    protected = StrictBoolean()
    comment = StrictText()
    dnssec = StrictBoolean(metadata=_described("Signing is not built yet: only false is taken."))
    uuid = _read_only()
    domain = _read_only()
    created_at = _read_only()
    record_count = _read_only()
    domain_unicode = _read_only()
    serial = _read_only()
    updated_at = _read_only()
    deployment = fields.Raw(metadata=_described("Read-only, and passed over: it moves by itself."))
    records = _read_only()

    @ma.validates("dnssec")
    def _not_signed_yet(self, value: bool, **_: Any) -> None:  # noqa: ANN401 - marshmallow's own
        if value:
            raise ma.ValidationError("signing is not built yet")


_TYPE = _described(f"One of {', '.join(rdtype.name for rdtype in TYPES)}.", "A")
_NAME = _described("@ for the apex, a relative name, or a full name in the zone.", "www")
_VALUE = _described("What the record says; host names are absolute.", "192.0.2.1")
_SET_TTL = _described("Seconds, for the whole set; absent or null: that of the set.", 3600)
_PRIORITY = _described("For MX and SRV.", None)


class RecordBody(Strict):
    """A record to create."""

    record_type = StrictText(required=True, metadata=_TYPE)
    name = StrictText(required=True, metadata=_NAME)
    value = StrictText(required=True, metadata=_VALUE)
    ttl = _ttl(allow_none=True, metadata=_SET_TTL)
    priority = StrictInteger(0, MAX_PRIORITY, allow_none=True, metadata=_PRIORITY)
    comment = StrictText()
    expires_at = OnlyNull(allow_none=True)


class FlatRecordCreate(RecordBody):
    """A record to create, and the zone that it goes into."""

    zone = StrictText(required=True, metadata=_described("The uuid of the zone."))


class RecordReplace(RecordBody):
    """All of a record anew."""

    uuid = _read_only()
    created_at = _read_only()
    zone = _read_only()
    fqdn = _read_only()
    updated_at = _read_only()


class RecordPatch(Strict):
    """Fields of a record; what is absent stays."""

    record_type = StrictText(metadata=_TYPE)
    name = StrictText(metadata=_NAME)
    value = StrictText(metadata=_VALUE)
    ttl = _ttl(allow_none=True, metadata=_SET_TTL)
    priority = StrictInteger(0, MAX_PRIORITY, allow_none=True, metadata=_PRIORITY)
    comment = StrictText()
    expires_at = OnlyNull(allow_none=True)
    uuid = _read_only()
    created_at = _read_only()
    zone = _read_only()
    fqdn = _read_only()
    updated_at = _read_only()
