"""TXT records as programs print them for a zone file: the text without brackets, comments and quotes (RFC 1035)."""

from __future__ import annotations

import re

import dns.name

from appliance.errors import InputError
from appliance.zones.character_strings import STRING_OCTETS, parse_quoted, print_quoted
from appliance.zones.names import parse_owner

_STRING = r'"(?:[^"\\]|\\.)*+"'
_GAP = r"\s*+(?:;[^\n]*+\s*+)*+"
_TXT = re.compile(
    rf'{_GAP}(?:(?:(?P<owner>[^\s"();]++)\s++)?(?P<type>(?:(?:[0-9]++|IN)\s++)*+TXT){_GAP})?+'
    rf"(?P<open>\({_GAP})?+(?P<strings>(?:{_STRING}{_GAP})++)(?P<close>\){_GAP})?+",
    re.IGNORECASE | re.DOTALL,
)


def unwrap(text: str, name: str, zone: str, *, only_brackets: bool = False) -> str | None:
    """Return the text of a TXT record in the form of a zone file; None for any other text.

    That form has brackets or a type: quoted strings alone are a value as the API takes it. With `only_brackets` it has
    brackets. Raise InputError if it begins with an owner other than `name` in the zone.
    """
    found = _TXT.fullmatch(text)
    if not found or bool(found["open"]) != bool(found["close"]) or not (found["open"] or found["type"]):
        return None
    if only_brackets and not found["open"]:
        return None
    origin = dns.name.from_text(zone)
    if found["owner"] and parse_owner(found["owner"], origin) != parse_owner(name, origin):
        raise InputError(f"the pasted record is for {found['owner']}: enter that name", "name")
    return join_strings(found["strings"])


def join_strings(text: str) -> str:
    """Return quoted strings joined: as plain text if that is printable, else as quoted strings again."""
    octets = b"".join(parse_quoted(" ".join(re.findall(_STRING, text, re.DOTALL))))
    joined = octets.decode("utf-8", "replace")
    if joined.isprintable() and joined.encode() == octets and joined[:1] not in ("", '"'):
        return joined
    return print_quoted(tuple(octets[at : at + STRING_OCTETS] for at in range(0, max(1, len(octets)), STRING_OCTETS)))
