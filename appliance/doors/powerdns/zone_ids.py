"""Names of zones in paths: with or without the final dot, any octet written as `=XX`."""

from __future__ import annotations

import re

from dns.name import Name

from appliance.errors import InvalidName, InvalidValue, NotFound
from appliance.zones.names import parse_domain
from appliance.zones.record_text import print_name

_ESCAPED = re.compile(r"=([0-9A-Fa-f]{2})")
_TO_ESCAPE = re.compile(r"[^A-Za-z0-9.-]")


def zone_id(name: Name) -> str:
    """Return the id of the zone of that name."""
    return _TO_ESCAPE.sub(lambda found: f"={ord(found[0]):02X}", print_name(name))


def parse_zone_id(text: str) -> Name:
    """Return the name of the zone with that id; raise NotFound if the text is no name."""
    name = parse_name(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))
    if name is None:
        raise NotFound("there is no such zone")
    return name


def parse_name(text: str) -> Name | None:
    """Return the name of a zone in any letter case, or None if the text is none."""
    try:
        return parse_domain(text.lower())
    except (InvalidName, InvalidValue):
        return None
