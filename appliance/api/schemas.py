"""The schemas of requests and responses, for parsing, serialising and the OpenAPI document, in the order of fields.

They know JSON and nothing of DNS: a name is a string here, and `appliance.zones` parses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from appliance.api.fields import (
    QueryBoolean,
    QueryInteger,
    StrictBoolean,
    StrictInteger,
    StrictString,
    Timestamp,
)
from appliance.api.proofs import OWNERSHIP
from appliance.api.strict_schema import Strict
from appliance.identity.permissions import PERMISSIONS
from appliance.web.error_responses import ERROR_CODES
from appliance.zones.model import MAX_TTL
from appliance.zones.rdata import MAX_PRIORITY, TYPES
from appliance.zones.zone_warning import CODES, NS_WITHOUT_ADDRESS

MAX_PAGE = 1_000_000
MAX_PAGE_SIZE = 1000
PAGE_SIZE = 100
_TYPE_NAMES = tuple(rdtype.name for rdtype in TYPES)


class Shown(ma.Schema):
    """A schema of what responses have, which is given to it as a mapping."""

    def get_attribute(self, obj: Mapping[str, Any], attr: str, default: Any) -> Any:  # noqa: ANN401 - any value
        """Return a value of the mapping; marshmallow would look for attributes and paths, too."""
        return obj.get(attr, default)


def _read_only() -> fields.Raw:
    return fields.Raw(metadata={"description": "Read-only: leave it out, or send it as it was received."})


def _described(text: str, example: object = None) -> dict[str, object]:
    return {"description": text} | ({} if example is None else {"example": example})


def _one_of(values: Iterable[str], text: str, example: object = None) -> dict[str, object]:
    return {**_described(text, example), "enum": list(values)}


def _string(text: str, example: object = None, *, allow_none: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=allow_none, metadata=_described(text, example))


def _integer(text: str, example: object = None, *, allow_none: bool = False) -> fields.Integer:
    return fields.Integer(required=True, allow_none=allow_none, metadata=_described(text, example))


class Error(ma.Schema):
    """An error, of any call."""

    detail = _string("What is wrong, for people; the text may change.", "MX records require a priority value")
    error_code = fields.String(required=True, metadata=_one_of(ERROR_CODES, "The kind of error, for programs."))
    field = _string("JSON path of the wrong input, or null.", "priority", allow_none=True)


class Nameserver(Shown):
    """The last answer of one nameserver for a zone."""

    name = _string("Host name of the nameserver.", "ns1.example.net")
    serial = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(("live", "lagging", "unreachable")))
    checked_at = Timestamp(required=True, allow_none=True, metadata=_described("Last answer."))
    changed_at = Timestamp(required=True, allow_none=True, metadata=_described("Last change of serial or state."))


class Deployment(Shown):
    """What the nameservers serve. `live`: each of them answered a DNS query with the serial or a later one."""

    state = fields.String(required=True, validate=validate.OneOf(("pending", "deploying", "live", "failed")))
    serial = _integer("The serial that is or will be published.")
    live_serial = _integer("The last serial that every nameserver served.", allow_none=True)
    nameservers = fields.List(fields.Nested(Nameserver), required=True)
    error = _string("Why the zone is not live and what to do; null within 10 s of its change.", allow_none=True)
    queued_at = Timestamp(required=True)
    live_at = Timestamp(required=True, allow_none=True)


class Record(Shown):
    """A resource record."""

    uuid = fields.UUID(required=True)
    record_type = fields.String(required=True, metadata=_one_of(_TYPE_NAMES, "Type of the record.", "MX"))
    name = _string("Name relative to the zone; `@` is the apex.", "@")
    value = _string("Canonical value; host names have no trailing dot.", "mail.example.com")
    ttl = _integer("Seconds.", 3600)
    priority = _integer("Priority of MX and SRV records; null for all other types.", 10, allow_none=True)
    created_at = Timestamp(required=True)
    zone = fields.UUID(required=True)
    fqdn = _string("Fully qualified name.", "example.com")
    updated_at = Timestamp(required=True)
    comment = fields.String(required=True)
    expires_at = Timestamp(required=True, allow_none=True)


class ZoneSummary(Shown):
    """A zone without its records."""

    uuid = fields.UUID(required=True)
    domain = _string("Domain in lower case, with A-labels.", "xn--bcher-kva.example")
    created_at = Timestamp(required=True)
    record_count = _integer("Number of records, without the SOA record and the NS records of the appliance.")
    domain_unicode = _string("Domain with U-labels.", "bücher.example")
    serial = _integer("The serial that is or will be published.")
    updated_at = Timestamp(required=True)
    default_ttl = _integer("TTL in seconds of records that are created without one.", 3600)
    dnssec = fields.Boolean(required=True)
    protected = fields.Boolean(required=True, metadata=_described("A protected zone cannot be deleted."))
    comment = fields.String(required=True)
    ownership = OWNERSHIP
    deployment = fields.Nested(Deployment, required=True)


class ListedZone(ZoneSummary):
    """A zone in a list, which may be one of deleted zones."""

    deleted_at = Timestamp(metadata=_described("When a deleted zone was deleted; others have no such field."))


class Delegation(ma.Schema):
    """The delegation of another zone of the account, which the appliance publishes; it is no record."""

    name = _string("Name relative to the zone.", "dev")
    zone = fields.UUID(required=True, metadata=_described("Uuid of the zone below."))
    ds = fields.List(fields.String(), required=True, metadata=_described("DS records of a signed zone."))


class ZoneDetail(ZoneSummary):
    """A zone with its records."""

    delegations = fields.List(fields.Nested(Delegation), required=True)
    records = fields.List(fields.Nested(Record), required=True)


class ZoneWarning(ma.Schema):
    """Something in a zone that is valid and probably not intended."""

    code = fields.String(required=True, metadata=_one_of(CODES, "The kind of warning.", NS_WITHOUT_ADDRESS))
    detail = _string("What is wrong, for people.", "ns.dev.example.com is a nameserver of dev.example.com ...")
    remedy = _string("What to do.", "add an A or AAAA record at ns.dev.example.com")
    name = _string("Name relative to the zone.", "dev")


class Account(ma.Schema):
    """The account of a token."""

    email = _string("Email of the account.", "me@example.org")
    uuid = fields.UUID(required=True)


class UsedToken(ma.Schema):
    """The token of a request, without its secret."""

    name = fields.String(required=True)
    prefix = _string("The first characters of the secret.", "vps_x7KfQ2ab")
    permissions = fields.List(fields.String(metadata={"enum": list(PERMISSIONS)}), required=True)
    expires_at = Timestamp(required=True, allow_none=True)


class Me(ma.Schema):
    """The account and the token of a request."""

    account = fields.Nested(Account, required=True)
    token = fields.Nested(UsedToken, required=True)


class AuditEntry(ma.Schema):
    """An entry of the audit log: a change of a zone, or an event of the account."""

    uuid = fields.UUID(required=True)
    created_at = Timestamp(required=True)
    action = _string("What was done.", "records")
    subject = _string("The zone, token or account that was changed.", "example.com")
    actor = _string("Email of the account, and the token in parentheses.", "me@example.org (ci)")
    address = _string("IP address of the client; empty for commands on the host.")
    zone = fields.UUID(required=True, allow_none=True)
    serial = fields.Integer(required=True, allow_none=True)
    added = _integer("Number of records that were added or changed.")
    removed = _integer("Number of records that were removed or changed.")
    detail = _string(
        "What was changed: settings before and after, a step of DNSSEC, or the rights of a token.",
        "default_ttl: 300 → 60",
    )


class Paged(Strict):
    """The requested page of a list."""

    page = QueryInteger(1, MAX_PAGE, load_default=1)
    page_size = QueryInteger(1, MAX_PAGE_SIZE, load_default=PAGE_SIZE)


class ZonePaged(Strict):
    """The requested page of a zone's records; without both parameters all of them."""

    page = QueryInteger(1, MAX_PAGE)
    page_size = QueryInteger(1, MAX_PAGE_SIZE)


class ZoneFilters(Paged):
    """Filters of zones."""

    domain = StrictString(metadata=_described("The exact domain, with A-labels or U-labels.", "example.com"))
    search = StrictString(metadata=_described("A substring of domain or comment, in any letter case.", "example"))
    deleted = QueryBoolean(
        load_default=False,
        metadata=_described("`true`: zones that were deleted less than 30 days ago instead, newest first."),
    )


class RecordFilters(Paged):
    """Filters of records."""

    zone = StrictString(metadata=_described("Uuid or domain of the zone."))
    record_type = StrictString(metadata=_one_of(_TYPE_NAMES, "The exact type.", "A"))
    name = StrictString(metadata=_described("The exact name, relative or full.", "www"))
    value = StrictString(metadata=_described("The value, in any spelling in which it may be written.", "192.0.2.1"))
    search = StrictString(metadata=_described("A substring of full name, value or comment, in any letter case."))


class ZonePatch(Strict):
    """Settings of a zone; absent ones stay as they are."""

    default_ttl = StrictInteger(0, MAX_TTL)
    protected = StrictBoolean()
    comment = StrictString()
    dnssec = StrictBoolean(
        metadata=_described("Whether the zone is to be signed; turned off, it stays so until its DS is gone.")
    )
    uuid = _read_only()
    domain = _read_only()
    created_at = _read_only()
    record_count = _read_only()
    domain_unicode = _read_only()
    serial = _read_only()
    updated_at = _read_only()
    deployment = fields.Raw(metadata=_described("Read-only, and ignored: it changes by itself."))
    ownership = fields.Raw(allow_none=True, metadata=_described("Read-only, and ignored: it changes by itself."))
    delegations = _read_only()
    records = _read_only()


_TYPE = _one_of(_TYPE_NAMES, "Type of the record.", "A")
_NAME = _described("`@` for the apex, a relative name, or a full name in the zone.", "www")
_VALUE = _described("Value of the record; host names in it are absolute.", "192.0.2.1")
_SET_TTL = _described(
    "Seconds, for all records of this name and type. Absent or null: theirs, else `default_ttl`.", 3600
)
_PRIORITY = _described("Required for MX and SRV, refused for all other types.", None)


class RecordBody(Strict):
    """A record to create."""

    record_type = StrictString(required=True, metadata=_TYPE)
    name = StrictString(required=True, metadata=_NAME)
    value = StrictString(required=True, metadata=_VALUE)
    ttl = StrictInteger(0, MAX_TTL, allow_none=True, metadata=_SET_TTL)
    priority = StrictInteger(0, MAX_PRIORITY, allow_none=True, metadata=_PRIORITY)
    comment = StrictString()
    expires_at = Timestamp(
        allow_none=True,
        metadata=_described("When the record is deleted, in the future; absent or null: never.", None),
    )


class FlatRecordCreate(RecordBody):
    """A record to create, and its zone."""

    zone = StrictString(required=True, metadata=_described("Uuid or domain of the zone."))


class RecordReplace(RecordBody):
    """A record that replaces a stored one."""

    uuid = _read_only()
    created_at = _read_only()
    zone = _read_only()
    fqdn = _read_only()
    updated_at = _read_only()


class RecordPatch(RecordReplace):
    """Fields of a record; absent ones stay as they are."""

    record_type = StrictString(metadata=_TYPE)
    name = StrictString(metadata=_NAME)
    value = StrictString(metadata=_VALUE)
