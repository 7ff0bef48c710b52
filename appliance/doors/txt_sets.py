"""Changes of the TXT records at one name, which depend on those that are there.

Each is a function of the zone, which the Editor evaluates on the state that its transaction changes: calls at the same
time lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing import CreateRecord, DeleteRecord, RecordInput, RecordRequest, UpdateRecord
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


def keeping_newest(owner: Name, text: str, most: int, is_counted: Callable[[Record], bool], now: datetime) -> Change:
    """Return the change that makes a text the newest and removes the oldest of those that are counted above `most`.

    If the text is there and not the newest, its comment says when it was sent again, which has no serial.
    """
    value = stored_value(text)

    def requests(zone: Zone) -> Sequence[RecordRequest]:
        newest_first = sorted(filter(is_counted, texts_at(zone, owner)), key=_last_sent, reverse=True)
        found = next((record for record in newest_first if _is_text(record, value)), None)
        if found is None:
            return [*_deletions(newest_first[most - 1 :]), _create(owner, value)]
        again = UpdateRecord(found.uuid, {"comment": f"sent again at {now:%FT%TZ}"})
        return [] if found is newest_first[0] else [again]

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


def _last_sent(record: Record) -> tuple[datetime, datetime]:
    return record.updated_at, record.created_at


def _is_text(record: Record, value: str) -> bool:
    """Return whether the record has that value on the wire, however it is written."""
    return record.wire == parse_rdata("TXT", value, None, record.owner).wire
