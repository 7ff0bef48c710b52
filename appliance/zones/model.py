"""The values that all other packages use: Record, RRset, Zone. Immutable; names are absolute and lower case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from appliance.zones.rdata import ParsedRdata
from appliance.zones.serial import latest

MAX_TTL = 2**31 - 1
"""The maximum TTL (RFC 2181 section 8); BIND serves a larger one as 0."""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record of a zone, with its identity and comment.

    `wire` is its rdata in uncompressed wire form; `value` and `priority` are the same rdata as the API shows it.
    `revision` is 1 for a new record; the store increments it with every change. At `expires_at` the record is deleted;
    None: never. The parsed data is cached, also for a copy with the same type and wire form.
    """

    uuid: UUID
    owner: Name
    rdtype: RdataType
    ttl: int
    wire: bytes
    value: str
    priority: int | None
    comment: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = field(default=None, kw_only=True)
    revision: int = field(default=1, compare=False, kw_only=True)
    _parsed: ParsedRdata | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_parsed(
        cls,
        parsed: ParsedRdata,
        *,
        uuid: UUID,
        owner: Name,
        ttl: int,
        comment: str,
        created_at: datetime,
        updated_at: datetime,
        expires_at: datetime | None = None,
    ) -> Record:
        """Return the record with data that is already parsed."""
        return cls(
            uuid,
            owner,
            parsed.rdtype,
            ttl,
            parsed.wire,
            parsed.value,
            parsed.priority,
            comment,
            created_at,
            updated_at,
            parsed,
            expires_at=expires_at,
        )

    @property
    def data(self) -> ParsedRdata:
        """Return the data."""
        data = self._parsed
        if data is None or data.wire != self.wire or data.rdtype != self.rdtype:
            data = ParsedRdata(self.rdtype, self.wire, self.value, self.priority)
            object.__setattr__(self, "_parsed", data)
        return data

    @property
    def rdata(self) -> Rdata:
        """Return the rdata, parsed from its wire form on first use."""
        return self.data.rdata

    @property
    def key(self) -> tuple[Name, RdataType, bytes]:
        """Return owner, type and wire form, which are unique in the zone."""
        return self.owner, self.rdtype, self.wire


@dataclass(frozen=True, slots=True)
class RRset:
    """All records of one owner and type; they share one TTL (RFC 2181 section 5.2)."""

    owner: Name
    rdtype: RdataType
    records: tuple[Record, ...]


Node = Mapping[RdataType, RRset]
"""All rrsets at one owner, by type."""


def group_rrsets(records: Iterable[Record]) -> Mapping[Name, Node]:
    """Return the records as rrsets, by owner and type."""
    nodes: dict[Name, dict[RdataType, list[Record]]] = {}
    for record in records:
        nodes.setdefault(record.owner, {}).setdefault(record.rdtype, []).append(record)
    return {
        owner: {rdtype: RRset(owner, rdtype, tuple(members)) for rdtype, members in node.items()}
        for owner, node in nodes.items()
    }


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone without its records: name, account, settings and version.

    `serial` is the desired serial, `revision` is incremented with every stored change, and `queued_at` is when the
    serial last changed. A zone with `deleted_at` is kept for its serial and so that it can be restored. `dnssec`: its
    user wants it signed; `signed`: it is published signed, also until turning that off is safe. `signed_serial` is the
    latest serial that was seen of the signed zone, which named counts on.
    """

    uuid: UUID
    name: Name
    account: UUID
    serial: int
    revision: int
    default_ttl: int
    protected: bool
    comment: str
    record_count: int
    created_at: datetime
    updated_at: datetime
    queued_at: datetime
    deleted_at: datetime | None = None
    dnssec: bool = False
    signed: bool = False
    signed_serial: int | None = None

    @property
    def last_serial(self) -> int:
        """Return the latest serial that was stored, or seen of the signed zone."""
        return self.serial if self.signed_serial is None else latest(self.serial, self.signed_serial)
