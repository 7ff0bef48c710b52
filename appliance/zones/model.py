"""The values that the rest of the house speaks of: Record, RRset, Zone. Frozen; names are absolute and lower case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from appliance.zones.rdata import ParsedRdata, parse_wire

MAX_TTL = 2**31 - 1
"""The largest TTL (RFC 2181 section 8); BIND serves 0 in place of anything above it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record of a zone, with what people know it by.

    `wire` is its rdata in uncompressed octets, `value` and `priority` are the same as the API shows it. `revision` is
    the one that the record was read with: 1 for a new one, moved by the store with every change. The record keeps its
    rdata once that is parsed, and so does a copy with the same type and octets.
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
    revision: int = field(default=1, compare=False, kw_only=True)
    _parsed: tuple[RdataType, bytes, Rdata] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_parsed(
        cls,
        content: ParsedRdata,
        *,
        uuid: UUID,
        owner: Name,
        ttl: int,
        comment: str,
        created_at: datetime,
        updated_at: datetime,
    ) -> Record:
        """Return the record of content that is parsed already."""
        rdtype, wire = content.rdata.rdtype, content.rdata.to_wire() or b""
        known = rdtype, wire, content.rdata
        shown = content.value, content.priority
        return cls(uuid, owner, rdtype, ttl, wire, *shown, comment, created_at, updated_at, known)

    @property
    def rdata(self) -> Rdata:
        """The data, parsed from its octets the first time."""
        known = self._parsed
        if known is None or known[:2] != (self.rdtype, self.wire):
            known = self.rdtype, self.wire, parse_wire(self.rdtype, self.wire)
            object.__setattr__(self, "_parsed", known)
        return known[2]

    @property
    def key(self) -> tuple[Name, RdataType, bytes]:
        """What makes it one of a kind in its zone: no two records are equal on the wire."""
        return self.owner, self.rdtype, self.wire


@dataclass(frozen=True, slots=True)
class RRset:
    """All records of one owner and type; they share one TTL (RFC 2181 section 5.2)."""

    owner: Name
    rdtype: RdataType
    records: tuple[Record, ...]


Node = Mapping[RdataType, RRset]
"""Everything at one owner, by type."""


def gather(records: Iterable[Record]) -> Mapping[Name, Node]:
    """The records as sets, by owner and type."""
    nodes: dict[Name, dict[RdataType, list[Record]]] = {}
    for record in records:
        nodes.setdefault(record.owner, {}).setdefault(record.rdtype, []).append(record)
    return {
        owner: {rdtype: RRset(owner, rdtype, tuple(members)) for rdtype, members in node.items()}
        for owner, node in nodes.items()
    }


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone without its records: name, owner, settings, and where its content stands.

    `serial` is what is or will be published, `revision` moves with every stored change, and `queued_at` is
    when the serial last moved. A zone with `deleted_at` is kept for its serial and to be restored.
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
