"""Names: text <-> `dns.name.Name`, absolute and lower case.

One strict parser for zone names, owners and targets; `appliance.zones.labels` has what a label may hold. The parser of
dnspython is not used, since it maps look-alike letters, accepts spaces and escapes, and completes relative names; here
nothing is trimmed or guessed.
Sources: RFC 1035 section 2.3.4 (lengths), RFC 5890 and 5891 (U-labels and A-labels, no mapping),
RFC 4592 (wildcards), RFC 2317 section 4 (slashes under in-addr.arpa).
"""

from __future__ import annotations

import re

import dns.name
import idna
from dns.name import Name

from appliance.errors import InvalidName, InvalidValue
from appliance.zones.hashed_name import HashedName
from appliance.zones.labels import (
    SERVICE_LABELS,
    Place,
    invalid_label,
    lengthen_escapes,
    parse_label,
    print_label,
    print_labels,
)

MAX_NAME_OCTETS = 253
"""The maximum length of a name without its final dot; 255 octets on the wire."""
IN_ADDR_ARPA = dns.name.from_text("in-addr.arpa.")

_MAX_CHARACTERS = 4 * MAX_NAME_OCTETS
_PLAIN_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_PLAIN_NAME = re.compile(rf"{_PLAIN_LABEL}(?:\.{_PLAIN_LABEL})*+")
"""Most names: valid at every place, and as they are on the wire."""
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def refuse_control_characters(text: str, field: str | None) -> None:
    """Raise InvalidValue for control characters, line and paragraph separators, direction marks and lone surrogates.

    Call this before any other parser: dnspython silently drops what follows a line feed.
    """
    found = _FORBIDDEN.search(text)
    if found:
        raise InvalidValue(f"the character U+{ord(found[0]):04X} at position {found.start() + 1} is not allowed", field)


def parse_domain(text: str, field: str = "domain") -> Name:
    """Return the name of a zone; raise InvalidName for a wildcard or if the last label is a number."""
    name = _absolute(_parse_labels(text, field, services=frozenset()), field)
    if name.labels[-2].isdigit():
        raise InvalidName(f"{text} is not a domain name: its last label is a number", field)
    return name


def parse_owner(text: str, origin: Name, field: str = "name") -> Name:
    """Return the owner of a record in the zone `origin`: `@`, a relative name, or an absolute name in the zone.

    Text that ends in the zone's name is absolute; other text is relative unless it ends in a dot. Raise InvalidName for
    an absolute name outside the zone.
    """
    if text == "@":
        return origin
    if text == "*":
        return _absolute((b"*", *origin.labels[:-1]), field)
    text = lengthen_escapes(text)
    star = (b"*",) if text.startswith("*.") else ()
    labels = _parse_labels(text[2:] if star else text, field, below=origin)
    within = labels[-len(origin.labels) + 1 :] == origin.labels[:-1]
    if text.endswith(".") and not within:
        raise InvalidName(f"{text} is outside the zone {print_domain(origin)}", field)
    return _absolute(star + labels + (() if within else origin.labels[:-1]), field)


def parse_full_owner(text: str, field: str = "name") -> Name:
    """Return the owner of a record of whatever zone: an absolute name with or without the final dot.

    Raise InvalidName for one that no record can have.
    """
    text = lengthen_escapes(text.removesuffix("."))
    star = (b"*",) if text.startswith("*.") else ()
    return _absolute(star + _parse_labels(text[2:] if star else text, field), field)


def parse_target(text: str, origin: Name, field: str = "value", *, null_allowed: bool = False) -> Name:
    """Return a host name in record data: absolute with or without the final dot; `@` is the apex of `origin`.

    It is data: its labels may be others than those of an owner (`appliance.zones.labels`).

    `null_allowed` permits `.`, which means "no such service" in MX, SRV, SVCB, HTTPS and NAPTR. Raise InvalidName for a
    name with one label, or with a number as its last one.
    """
    if text == "@":
        return origin
    if text == "." and null_allowed:
        return dns.name.root
    name = _absolute(_parse_labels(lengthen_escapes(text), field, place=Place.TARGET), field)
    if len(name.labels) < 3:
        example = f"{text.removesuffix('.')}.example.com"
        raise InvalidName(f"{text} has only one label: write the full host name, such as {example}", field)
    if name.labels[-2].isdigit():
        raise InvalidName(f"{text} is not a host name: its last label is a number", field)
    return name


def canonical_key(name: Name) -> tuple[bytes, ...]:
    """Return the sort key of canonical name order (RFC 4034 section 6.1): the labels, the last one first."""
    return name.labels[::-1]


def is_within(name: Name, above: Name) -> bool:
    """Return whether a name is at or below another one, as `Name.is_subdomain`; both are in lower case."""
    return name.labels[-len(above.labels) :] == above.labels


def names_up_to(name: Name, origin: Name) -> list[Name]:
    """Return the name and those above it, up to and including `origin`, which it must be at or below."""
    return [Name(name.labels[at:]) for at in range(len(name.labels) - len(origin.labels) + 1)]


def print_domain(name: Name) -> str:
    """Return the name as A-labels without the final dot; the root is `.`."""
    return print_labels(name.labels[:-1]) or "."


def print_owner(name: Name, origin: Name) -> str:
    """Return the owner relative to its zone, such as `@`, `www` or `*.dev`; absolute if that were ambiguous."""
    relative, zone = name.labels[: -len(origin.labels)], origin.labels[:-1]
    is_ambiguous = zone and relative[-len(zone) :] == zone
    return print_labels(name.labels[:-1] if is_ambiguous else relative) or "@"


def print_unicode(name: Name) -> str:
    """Return the name with U-labels; labels that cannot be decoded remain A-labels."""
    return ".".join(_unicode_label(print_label(label)) for label in name.labels[:-1])


def print_display(name: Name) -> str:
    """Return the name for people: with U-labels, and beside it with A-labels, which show letters that look alike."""
    unicode, ascii_only = print_unicode(name), print_domain(name)
    return ascii_only if unicode == ascii_only else f"{unicode} ({ascii_only})"


def _unicode_label(label: str) -> str:
    try:
        return idna.ulabel(label) if label.startswith("xn--") else label
    except idna.IDNAError:
        return label


def _parse_labels(
    text: str,
    field: str,
    below: Name = dns.name.root,
    place: Place = Place.OWNER,
    services: frozenset[bytes] = SERVICE_LABELS,
) -> tuple[bytes, ...]:
    """Return the labels of `text`, a name relative to `below`; a label below one of `services` may hold any octet.

    Slashes are valid there and under in-addr.arpa only.
    """
    body = text.removesuffix(".")
    if len(body) > (_MAX_CHARACTERS if "\\" in body else MAX_NAME_OCTETS):
        raise _long_name(len(body), field)
    if _PLAIN_NAME.fullmatch(body) and "xn--" not in body:
        return tuple(body.encode().split(b"."))
    refuse_control_characters(text, field)
    if not body:
        raise InvalidName("the name is empty" if not text else "the root is not allowed here", field)
    labels = below.labels[:-1]
    for label in reversed(body.split(".")):
        is_service = not services.isdisjoint(labels)
        octets = parse_label(label, Place.SERVICE if is_service else place, field)
        if b"/" in octets and not is_service and labels[-2:] != IN_ADDR_ARPA.labels[:-1]:
            raise invalid_label(label, field)
        labels = (octets, *labels)
    return labels[: len(labels) - len(below.labels) + 1]


def _absolute(labels: tuple[bytes, ...], field: str) -> Name:
    octets = sum(len(label) + 1 for label in labels) - 1
    if octets > MAX_NAME_OCTETS:
        raise _long_name(octets, field)
    return HashedName((*labels, b""))


def _long_name(octets: int, field: str) -> InvalidName:
    return InvalidName(f"the name has {octets} octets; at most {MAX_NAME_OCTETS} are allowed", field)
