"""Zone files as a source: their records, and which zone they are of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

from appliance.editing import RecordInput
from appliance.errors import InputError, InvalidValue
from appliance.imports.source import Note, SourceRecord, ZoneData
from appliance.zones.names import parse_domain, print_domain
from appliance.zones.zone_file_content import FileRecord
from appliance.zones.zone_file_reader import read_zone_file

_SOA = re.compile(
    r"(?:^|\n)(?P<owner>[^\s;$()]*)[ \t]+(?:(?:[0-9][0-9smhdw]*|IN|CH|HS)[ \t]+)*SOA[ \t(]", re.IGNORECASE
)
_ORIGIN = re.compile(r"(?:^|\n)\$ORIGIN[ \t]+(?P<origin>[^\s;]+)", re.IGNORECASE)
_PREFIXES = ("db.", "pri.", "named.", "zone.")
_SUFFIXES = (".zone", ".db", ".hosts", ".dns", ".txt", ".bind", ".csv", ".json")
_SIGNED = ("RRSIG", "DNSKEY")


def read_zone_text(
    text: str, domain: str, where: str, place: Callable[[int], str] | None = None, notes: Sequence[Note] = ()
) -> ZoneData:
    """Return the data of a zone file; raise InputError, with the place, for text that is none.

    `place` returns the place of a line, by default `where` and its number.
    """
    place = place or (lambda line: f"{where}:{line}")
    try:
        found = read_zone_file(text, parse_domain(domain))
    except InputError as refused:
        line = (refused.field or "").removeprefix("line.")
        raise InvalidValue(f"{place(int(line)) if line.isdigit() else where}: {refused}") from None
    others = [one for one in found.passed_over if one.record_type != "SOA"]
    passed = [Note(place(one.line), f"{one.count} {one.record_type}: {one.reason}") for one in others]
    is_signed = any(one.record_type in _SIGNED for one in others)
    signed = [Note(where, "the zone is signed: remove its DS at the parent before the cut-over")] if is_signed else []
    return ZoneData(
        records=[SourceRecord(place(one.line), _input(one)) for one in found.records],
        serial=found.serial,
        default_ttl=found.default_ttl,
        refused=[Note(place(one.line), one.detail) for one in found.refused],
        passed_over=passed,
        notes=[*notes, *signed],
    )


def is_zone_text(text: str) -> bool:
    """Return whether the text has a SOA record, as a zone file has."""
    return _SOA.search(text) is not None


def domain_of(text: str, name: str) -> str:
    """Return the domain of a zone file: the owner of its SOA record, else what its file name says.

    Raise InvalidValue if neither is a domain.
    """
    soa = _SOA.search(text)
    owner = soa["owner"] if soa else ""
    if owner.endswith(".") and owner != ".":
        return owner
    before = [found["origin"] for found in _ORIGIN.finditer(text[: soa.end() if soa else len(text)])]
    if before:
        return before[-1] if owner in ("", "@") else f"{owner}.{before[-1]}".replace("..", ".")
    return _domain_of_name(name)


def _domain_of_name(name: str) -> str:
    """Return the domain in the name of a file, such as db.example.com or example.com.zone."""
    domain = PurePath(name).name
    for prefix in _PREFIXES:
        domain = domain.removeprefix(prefix)
    for suffix in _SUFFIXES:
        domain = domain.removesuffix(suffix)
    try:
        parsed = parse_domain(domain)
    except InputError:
        parsed = None
    if parsed is None or len(parsed.labels) < 3:
        raise InvalidValue(f"{name}: its domain is unknown: begin it with $ORIGIN, or use --zone")
    return print_domain(parsed)


def _input(record: FileRecord) -> RecordInput:
    return RecordInput(record.record_type, record.name, record.value, record.ttl, record.priority)
