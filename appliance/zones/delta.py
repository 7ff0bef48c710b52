"""The difference between two versions of a published zone, and whether BIND applies it as one UPDATE (RFC 2136).

Records are compared in wire form, names uncompressed, owners in lower case. BIND leaves out some parts of an UPDATE
without an error, and refuses others; `file_reason` names each, so that they are published by a zone file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from dns.rdatatype import RdataType

from appliance.zones.model import Record
from appliance.zones.rdata import TYPES

RECORD_OCTETS = 10
"""Octets of a record in a message besides its owner and its data (RFC 1035 section 4.1.3)."""
NAMED_TYPES = frozenset(
    {
        RdataType.NS,
        RdataType.CNAME,
        RdataType.PTR,
        RdataType.MX,
        RdataType.SRV,
        RdataType.NAPTR,
        RdataType.SVCB,
        RdataType.HTTPS,
    }
)
"""Types with a name in their data; to BIND, data that differs in its letter case alone is the same."""
FILE_TYPES = frozenset(
    {
        RdataType.SOA,
        RdataType.DNAME,
        RdataType.CDS,
        RdataType.CDNSKEY,
        RdataType.DNSKEY,
        RdataType.NSEC,
        RdataType.NSEC3,
        RdataType.NSEC3PARAM,
        RdataType.RRSIG,
    }
)
"""Types that no UPDATE carries: BIND replaces, ignores or refuses them, and 9.20 accepts a CDS that it cannot load."""
UPDATE_TYPES = frozenset(TYPES) - FILE_TYPES
MAX_OCTETS = 57_000
"""Octets of a difference that one UPDATE carries, so that it fits into 60,000 with its SOAs and signature."""
_WILDCARD = b"\x01*"


class WireRecord(NamedTuple):
    """A record as it is published; `owner` in lower case, `rdata` uncompressed."""

    owner: bytes
    rdtype: int
    ttl: int
    rdata: bytes

    @property
    def octets(self) -> int:
        """Return its octets in a message, without compression."""
        return len(self.owner) + RECORD_OCTETS + len(self.rdata)


class WireSoa(NamedTuple):
    """The SOA of a zone without its serial: TTL, names of primary and mailbox, and the four times after the serial."""

    ttl: int
    names: bytes
    times: bytes

    def rdata(self, serial: int) -> bytes:
        """Return its data with that serial."""
        return self.names + serial.to_bytes(4, "big") + self.times


def wire_record(record: Record) -> WireRecord:
    """Return a stored record as it is published."""
    return WireRecord(record.owner.to_digestable(), int(record.rdtype), record.ttl, record.wire)


@dataclass(frozen=True, slots=True)
class Delta:
    """The records that lead from one version of a zone to another; none is in both, and the SOA in neither."""

    removed: frozenset[WireRecord] = frozenset()
    added: frozenset[WireRecord] = frozenset()

    def __bool__(self) -> bool:
        """Return whether the versions differ."""
        return bool(self.removed or self.added)

    @property
    def octets(self) -> int:
        """Return the octets of all records in a message, without compression."""
        return sum(record.octets for record in self.records())

    def records(self) -> Iterator[WireRecord]:
        """Yield the removed records, then the added ones."""
        yield from self.removed
        yield from self.added

    def inverse(self) -> Delta:
        """Return the difference in the other direction."""
        return Delta(self.added, self.removed)

    def apply(self, records: Set[WireRecord]) -> frozenset[WireRecord]:
        """Return the other version, given the records of the one that the difference starts from."""
        return frozenset(records - self.removed) | self.added


def between(before: Iterable[WireRecord], after: Iterable[WireRecord]) -> Delta:
    """Return the difference between two versions: `between(a, b).apply(a) == b`."""
    old, new = frozenset(before), frozenset(after)
    return Delta(old - new, new - old)


def net(deltas: Iterable[Delta]) -> Delta:
    """Return the difference that successive differences make together."""
    removed, added = set[WireRecord](), set[WireRecord]()
    for delta in deltas:
        removed |= delta.removed - added
        added -= delta.removed
        added |= delta.added - removed
        removed -= delta.added
    return Delta(frozenset(removed), frozenset(added))


class FileReason(StrEnum):
    """Why a difference is published by a zone file and not by UPDATE."""

    NOT_LATER = "the serial is not later than that of the content in service"
    OLD_FILE = "the serial is not later than that of the zone file, with whose journal named would not start"
    UNKNOWN_VERSION = "the journal does not begin at the content in service"
    NO_CONTENT = "the journal no longer has the records of a change"
    ZONE_CHANGE = "the zone itself changed, not only its records"
    TOO_LARGE = "the changes are too large"
    OUTSIDE = "an owner is outside the zone"
    TYPE = "UPDATE does not carry the type of a record"
    APEX = "NS, DS or CNAME at the apex change"
    WILDCARD_NS = "NS records at a wildcard change"
    OWN_NAME = "the name of a nameserver of the appliance is concerned"
    CHILD_ZONE = "a child zone is concerned"
    LETTER_CASE = "only the letter case of a name changes"
    TTL = "the records of an RRset have several TTLs"
    CNAME = "a CNAME has other data beside it"


class VersionDelta(NamedTuple):
    """The difference that leads from the version before to the one with this serial."""

    serial: int
    delta: Delta


class ZoneNames(NamedTuple):
    """Names of a zone in lower-case wire form: its own, those of the appliance's nameservers, and child zones.

    `children` are all zones at, above or below the owners of a difference that are below this zone.
    """

    origin: bytes
    servers: Collection[bytes] = ()
    children: Collection[bytes] = ()


def file_reason(delta: Delta, names: ZoneNames) -> FileReason | None:
    """Return why BIND would not apply the difference by UPDATE as it is, None if it does.

    What the rules of a zone exclude is named all the same: an older release may have stored it.
    """
    for record in delta.records():
        reason = _record_reason(record, names.origin) or _name_reason(record, names)
        if reason:
            return reason
    if changes_letter_case(delta):
        return FileReason.LETTER_CASE
    return _ttl_reason(delta.added) or _cname_reason(delta.added)


def changes_letter_case(delta: Delta) -> bool:
    """Return whether a record differs from a removed one in letter case alone: BIND keeps the one that it has."""
    removed = {_folded(record) for record in delta.removed if record.rdtype in NAMED_TYPES}
    exact = {(record.owner, record.rdtype, record.rdata) for record in delta.removed} if removed else ()
    return any(
        _folded(record) in removed and (record.owner, record.rdtype, record.rdata) not in exact
        for record in (delta.added if removed else ())
    )


def names_up_to(owner: bytes, origin: bytes) -> Iterator[bytes]:
    """Yield the owner and the names above it below `origin`, all in wire form; nothing for `origin` itself."""
    at, end = 0, len(owner) - len(origin)
    while at < end:
        yield owner[at:]
        at += 1 + owner[at]


def _record_reason(record: WireRecord, origin: bytes) -> FileReason | None:
    owner, rdtype = record.owner, record.rdtype
    if not _is_within(owner, origin):
        return FileReason.OUTSIDE
    if owner != owner.lower():
        return FileReason.LETTER_CASE
    if rdtype not in UPDATE_TYPES:
        return FileReason.TYPE
    if owner == origin and rdtype in (RdataType.NS, RdataType.DS, RdataType.CNAME):
        return FileReason.APEX
    is_wildcard = rdtype == RdataType.NS and owner.startswith(_WILDCARD)
    return FileReason.WILDCARD_NS if is_wildcard else None


def _name_reason(record: WireRecord, names: ZoneNames) -> FileReason | None:
    if record.owner in names.servers:
        return FileReason.OWN_NAME
    return FileReason.CHILD_ZONE if names.children and _concerns_child(record, names) else None


def _is_within(owner: bytes, origin: bytes) -> bool:
    if not owner.lower().endswith(origin):
        return False
    at, start = 0, len(owner) - len(origin)
    while at < start:
        at += 1 + owner[at]
    return at == start


def _concerns_child(record: WireRecord, names: ZoneNames) -> bool:
    """Return whether the record is at or below a child zone, or delegates a name above one."""
    if any(name in names.children for name in names_up_to(record.owner, names.origin)):
        return True
    return record.rdtype == RdataType.NS and any(child.endswith(record.owner) for child in names.children)


def _folded(record: WireRecord) -> tuple[bytes, int, bytes]:
    return record.owner.lower(), record.rdtype, record.rdata.lower()


def _ttl_reason(added: Iterable[WireRecord]) -> FileReason | None:
    """Return TTL if an RRset gets records with several TTLs: BIND gives all of it that of the last one."""
    ttls: dict[tuple[bytes, int], int] = {}
    for record in added:
        if ttls.setdefault((record.owner, record.rdtype), record.ttl) != record.ttl:
            return FileReason.TTL
    return None


def _cname_reason(added: Iterable[WireRecord]) -> FileReason | None:
    """Return CNAME if one is added beside other added data, another CNAME included: BIND drops or replaces it."""
    types: dict[bytes, list[int]] = defaultdict(list)
    for record in added:
        types[record.owner].append(record.rdtype)
    is_beside = any(RdataType.CNAME in found and len(found) > 1 for found in types.values())
    return FileReason.CNAME if is_beside else None
