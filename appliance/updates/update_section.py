"""The update section (RFC 2136 sections 2.5 and 3.4), as requests of the Editor.

It is applied in its order to the RRsets that it names; what then differs from what is stored is requested. So a
message that deletes an RRset and adds the same again changes nothing, and records that stay keep uuid and comment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from dns.name import Name
from dns.rcode import Rcode
from dns.rdata import Rdata
from dns.rdataclass import ANY, IN, NONE
from dns.rdatatype import ANY as ANY_TYPE
from dns.rdatatype import CNAME, NS, SOA, RdataType

from appliance.editing import CreateRecord, DeleteRecord, RecordInput, RecordRequest, UpdateRecord
from appliance.updates.messages import ErrorResponse, SentRecord
from appliance.updates.prerequisites import check_within, is_meta
from appliance.updates.zone_records import ZoneRecords, read_sent, wire_of
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner
from appliance.zones.record_text import RecordText


def check_updates(updates: Collection[SentRecord], zone: Zone) -> None:
    """Raise ErrorResponse for the first record that is malformed or outside of the zone (section 3.4.1)."""
    for one in updates:
        check_within(one, zone)
        malformed: dict[int, bool] = {
            IN: one.rdata is None or is_meta(one.rdtype),
            ANY: one.ttl > 0 or one.rdata is not None or (one.rdtype != ANY_TYPE and is_meta(one.rdtype)),
            NONE: one.ttl > 0 or one.rdata is None or is_meta(one.rdtype),
        }
        if malformed.get(one.rdclass, True):
            raise ErrorResponse(Rcode.FORMERR, f"an update of {one.name} has a wrong class, type, TTL or data")


def requests_of(updates: Collection[SentRecord], records: ZoneRecords) -> list[RecordRequest]:
    """Return the requests that apply checked updates to the zone, deletions first.

    SOA records are passed over, also their deletion; the appliance's own NS records stay, also if all are deleted.
    Raise InputError for a record that cannot be stored, ErrorResponse if one of the appliance's own is to be deleted.
    """
    changed = _ChangedSets(records)
    for one in updates:
        if one.rdclass == IN:
            changed.add(one)
        elif one.rdclass == ANY:
            changed.delete_sets(one.name, one.rdtype)
        elif one.rdata is not None:
            changed.delete(one.name, one.rdata)
    sets = [(owner, *one) for owner, by_type in changed.sets.items() for one in by_type.items()]
    origin = records.zone.name
    return [
        *(DeleteRecord(record.uuid) for *_, one in sets for record in one.removed()),
        *(request for owner, rdtype, one in sets for request in one.additions(print_owner(owner, origin), rdtype)),
    ]


@dataclass(slots=True)
class _ChangedSet:
    """An RRset: the stored records, what it will have (None: the stored one), by wire form; its TTL if one was sent."""

    before: Mapping[bytes, Record]
    after: dict[bytes, RecordText | None]
    ttl: int | None = None

    def removed(self) -> Iterator[Record]:
        """Yield the stored records that it will not have."""
        return (record for wire, record in self.before.items() if wire not in self.after)

    def additions(self, name: str, rdtype: RdataType) -> Iterator[RecordRequest]:
        """Yield the requests for the records that are not stored, or for another TTL of one that stays."""
        new = [text for wire, text in self.after.items() if text and wire not in self.before]
        for text in new:
            yield CreateRecord(RecordInput(rdtype.name, name, text.value, self.ttl, text.priority))
        kept = [record for wire, record in self.before.items() if wire in self.after]
        if kept and not new and self.ttl is not None and self.ttl != kept[0].ttl:
            yield UpdateRecord(kept[0].uuid, {"ttl": self.ttl})


@dataclass(slots=True)
class _ChangedSets:
    """The RRsets that an update names, by owner and type."""

    records: ZoneRecords
    sets: dict[Name, dict[RdataType, _ChangedSet]] = field(default_factory=dict)

    def add(self, one: SentRecord) -> None:
        """Add a record, and give its RRset the TTL; a CNAME replaces the present one."""
        if one.rdata is None or one.rdtype == SOA:
            return
        text, wire = read_sent(one.rdata, self.records.zone.name)
        if self._is_own(one.name, one.rdtype, wire):
            return
        changed = self._set(one.name, RdataType(one.rdtype))
        if one.rdtype == CNAME:
            changed.after = {known: kept for known, kept in changed.after.items() if known == wire}
        changed.after.setdefault(wire, text)
        changed.ttl = one.ttl

    def delete_sets(self, name: Name, rdtype: int) -> None:
        """Delete an RRset, or all of a name (ANY); at the apex SOA and NS records stay (section 3.4.2.3)."""
        kept = {NS, SOA} if name == self.records.zone.name else set()
        known = {*self.records.nodes.get(name, {}), *self.sets.get(name, {})}
        for one in known - kept:
            if rdtype in (one, ANY_TYPE):
                self._set(name, one).after.clear()

    def delete(self, name: Name, rdata: Rdata) -> None:
        """Delete a record by its data, if there is one."""
        wire = wire_of(rdata, self.records.zone.name)
        if self._is_own(name, rdata.rdtype, wire):
            raise ErrorResponse(Rcode.REFUSED, f"the appliance is a nameserver of {name}, which stays")
        if rdata.rdtype in self.records.nodes.get(name, {}) or rdata.rdtype in self.sets.get(name, {}):
            self._set(name, RdataType(rdata.rdtype)).after.pop(wire, None)

    def _is_own(self, name: Name, rdtype: int, wire: bytes) -> bool:
        return rdtype == NS and name == self.records.zone.name and wire in self.records.own_servers()

    def _set(self, name: Name, rdtype: RdataType) -> _ChangedSet:
        by_type = self.sets.setdefault(name, {})
        if rdtype not in by_type:
            rrset = self.records.nodes.get(name, {}).get(rdtype)
            before = {record.wire: record for record in rrset.records} if rrset else {}
            by_type[rdtype] = _ChangedSet(before, dict.fromkeys(before))
        return by_type[rdtype]
