"""Changes of the TXT records at one name, which depend on those that are there.

Each is a function of the zone, which the Editor evaluates on the state that its transaction changes: calls at the same
time lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing import CreateRecord, DeleteRecord, RecordInput, RecordRequest
from appliance.store.records import ZoneView
from appliance.zones.character_strings import print_quoted
from appliance.zones.model import Record, Zone
from appliance.zones.rdata import parse_rdata
from appliance.zones.record_text import print_name, read_content

TTL = 60
"""Seconds; the TTL of a new RRset. One that exists keeps its own."""

Change = Callable[[Zone], Sequence[RecordRequest]]


def adding(owner: Name, text: str) -> Change:
    """Return the change that adds a text beside those that are there; nothing if it is one of them."""
    value = stored_value(text)

    def requests(zone: Zone) -> Sequence[RecordRequest]:
        is_there = any(_is_text(record, value) for record in texts_at(zone, owner))
        return [] if is_there else [_create(owner, value)]

    return requests


def removing(owner: Name, text: str) -> Change:
    """Return the change that removes that text alone; nothing if it is not there."""
    value = stored_value(text)
    return lambda zone: _deletions(record for record in texts_at(zone, owner) if _is_text(record, value))


def keeping_newest(owner: Name, text: str, most: int, is_counted: Callable[[Record], bool]) -> Change:
    """Return the change that adds a text and removes the oldest of those that are counted, until `most` are left.

    Nothing changes if the text is there.
    """
    value = stored_value(text)

    def requests(zone: Zone) -> Sequence[RecordRequest]:
        present = texts_at(zone, owner)
        if any(_is_text(record, value) for record in present):
            return []
        oldest_last = sorted(filter(is_counted, present), key=lambda record: record.created_at, reverse=True)
        return [*_deletions(oldest_last[most - 1 :]), _create(owner, value)]

    return requests


def stored_value(text: str) -> str:
    """Return the value under which a text is stored: as it is, or quoted if it could not be read back otherwise."""
    return read_content("TXT", print_quoted((text.encode(),))).value


def texts_at(zone: Zone, owner: Name) -> Sequence[Record]:
    """Return the TXT records at that name."""
    rrset = ZoneView(zone, ()).nodes([owner]).get(owner, {}).get(RdataType.TXT)
    return rrset.records if rrset else ()


def _create(owner: Name, value: str) -> CreateRecord:
    return CreateRecord(RecordInput("TXT", print_name(owner), value, fallback_ttl=TTL))


def _deletions(records: Iterable[Record]) -> list[RecordRequest]:
    return [DeleteRecord(record.uuid) for record in records]


def _is_text(record: Record, value: str) -> bool:
    """Return whether the record has that value on the wire, however it is written."""
    return record.wire == parse_rdata("TXT", value, None, record.owner).rdata.to_wire()
