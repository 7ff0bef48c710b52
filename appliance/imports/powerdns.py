"""Zones as the PowerDNS API returns them, in JSON: one zone, or an array of zones. Pure.

Source: https://doc.powerdns.com/authoritative/http-api/zone.html
The text of `pdnsutil list-zone` and of the API's `export` is an ordinary zone file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from appliance.errors import InvalidValue
from appliance.imports.source import Note, ZoneData
from appliance.imports.zone_text import read_zone_text
from appliance.zones.serial import latest

_WORD = re.compile(r"\S+")
_LINE = re.compile(r"[^\r\n]*")
_NOT_PRIMARY = ("slave", "secondary", "consumer", "producer")
_HINTS = {
    "ALIAS": "ALIAS is answered by PowerDNS alone: write the addresses as A and AAAA records",
    "LUA": "LUA is answered by PowerDNS alone: write the records that it returned",
}


def zones_in(text: str, where: str) -> list[Mapping[str, Any]]:
    """Return the zones of the text; raise InvalidValue if it is not such JSON."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{where} is not JSON: {error}") from None
    found = document if isinstance(document, list) else [document]
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise InvalidValue(f"{where} has no zones: an object of PowerDNS's API has name and rrsets")
        if not isinstance(one.get("rrsets"), list):
            raise InvalidValue(f"{where} has no records of {one['name']}: request each zone by itself, with rrsets")
    return found


def reason_against(zone: Mapping[str, Any]) -> str | None:
    """Return why a zone is left out, None if it is imported."""
    kind = str(zone.get("kind", "")).lower()
    return f"a zone of the kind {zone['kind']}: import it from its primary" if kind in _NOT_PRIMARY else None


def read_zone(zone: Mapping[str, Any], where: str) -> ZoneData:
    """Return the data of a zone; raise InvalidValue for an rrset that is none."""
    lines, places, notes, refused = list[str](), list[str](), list[Note](), list[Note]()
    for name, record_type, ttl, content, is_disabled in _records(zone):
        place = f"{where}: {name.removesuffix('.')} {record_type}"
        if is_disabled:
            notes.append(Note(place, "disabled in PowerDNS: left out"))
        elif record_type in _HINTS:
            refused.append(Note(place, _HINTS[record_type]))
        else:
            lines.append(f"{name} {ttl} IN {record_type} {content}")
            places.append(place)
    found = read_zone_text("\n".join([*lines, ""]), zone["name"], where, lambda line: places[line - 1], notes)
    serials = [one for one in (found.serial, zone.get("edited_serial"), zone.get("serial")) if isinstance(one, int)]
    return replace(found, serial=latest(*serials) if serials else None, refused=[*refused, *found.refused])


def _records(zone: Mapping[str, Any]) -> Iterator[tuple[str, str, int, str, bool]]:
    """Yield owner, type, TTL, content, and whether it is disabled, of each record."""
    try:
        for rrset in zone["rrsets"]:
            name, record_type, ttl = rrset["name"], rrset["type"], int(rrset.get("ttl", 0))
            for record in rrset["records"]:
                if not (_WORD.fullmatch(name) and _WORD.fullmatch(record_type) and _LINE.fullmatch(record["content"])):
                    raise ValueError(name)
                yield name, record_type, ttl, record["content"], record.get("disabled") is True
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidValue(
            f"an rrset of {zone['name']} is not one of PowerDNS's API: it has name, type, ttl, and records with content"
        ) from None
