"""Names: text <-> `dns.name.Name`, absolute and lower case.

One strict parser for zone names, owners and targets. The parser of dnspython is not used, since it maps look-alike
letters, accepts spaces and escapes, and completes relative names; here nothing is trimmed or guessed.
Sources: RFC 1035 section 2.3.4 (lengths), RFC 5890 and 5891 (U-labels and A-labels, no mapping),
RFC 4592 (wildcards), RFC 2317 section 4 (slashes under in-addr.arpa).
"""

from __future__ import annotations

import re

import dns.name
import idna
from dns.name import Name

from appliance.errors import InvalidName, InvalidValue

MAX_NAME_OCTETS = 253
"""The maximum length of a name without its final dot; 255 octets on the wire."""
MAX_LABEL_OCTETS = 63
IN_ADDR_ARPA = dns.name.from_text("in-addr.arpa.")

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9/_-]*[a-z0-9_])?")
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
    name = _absolute(_parse_labels(text, field), field)
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
    star = (b"*",) if text.startswith("*.") else ()
    labels = _parse_labels(text[2:] if star else text, field, below=origin)
    within = labels[-len(origin.labels) + 1 :] == origin.labels[:-1]
    if text.endswith(".") and not within:
        raise InvalidName(f"{text} is outside the zone {print_domain(origin)}", field)
    return _absolute(star + labels + (() if within else origin.labels[:-1]), field)


def parse_target(text: str, origin: Name, field: str = "value", *, null_allowed: bool = False) -> Name:
    """Return a host name in record data: absolute with or without the final dot; `@` is the apex of `origin`.

    `null_allowed` permits `.`, which means "no such service" in MX, SRV, SVCB, HTTPS and NAPTR. Raise InvalidName for a
    name with one label, or with a number as its last one.
    """
    if text == "@":
        return origin
    if text == "." and null_allowed:
        return dns.name.root
    name = _absolute(_parse_labels(text, field), field)
    if len(name.labels) < 3:
        example = f"{text.removesuffix('.')}.example.com"
        raise InvalidName(f"{text} has only one label: write the full host name, such as {example}", field)
    if name.labels[-2].isdigit():
        raise InvalidName(f"{text} is not a host name: its last label is a number", field)
    return name


def canonical_key(name: Name) -> tuple[bytes, ...]:
    """Return the sort key of canonical name order (RFC 4034 section 6.1): the labels, the last one first."""
    return name.labels[::-1]


def print_domain(name: Name) -> str:
    """Return the name as A-labels without the final dot; the root is `.`."""
    return str(name.to_text(omit_final_dot=True))


def print_owner(name: Name, origin: Name) -> str:
    """Return the owner relative to its zone, such as `@`, `www` or `*.dev`; absolute if that were ambiguous."""
    relative, zone = name.labels[: -len(origin.labels)], origin.labels[:-1]
    is_ambiguous = zone and relative[-len(zone) :] == zone
    return b".".join(name.labels[:-1] if is_ambiguous else relative).decode() or "@"


def print_unicode(name: Name) -> str:
    """Return the name with U-labels; labels that cannot be decoded remain A-labels."""
    return ".".join(_unicode_label(label.decode()) for label in name.labels[:-1])


def print_display(name: Name) -> str:
    """Return the name for people: with U-labels, and beside it with A-labels, which show letters that look alike."""
    unicode, ascii_only = print_unicode(name), print_domain(name)
    return ascii_only if unicode == ascii_only else f"{unicode} ({ascii_only})"


def _unicode_label(label: str) -> str:
    try:
        return idna.ulabel(label) if label.startswith("xn--") else label
    except idna.IDNAError:
        return label


def _parse_labels(text: str, field: str, below: Name = dns.name.root) -> tuple[bytes, ...]:
    """Return the labels of `text`, a name relative to `below`; slashes are valid only under in-addr.arpa."""
    body = text.removesuffix(".")
    if len(body) > MAX_NAME_OCTETS:
        raise _long_name(len(body), field)
    refuse_control_characters(text, field)
    if not body:
        raise InvalidName("the name is empty" if not text else "the root is not allowed here", field)
    labels = tuple(_parse_label(label, field) for label in body.split("."))
    reverse = (labels + below.labels[:-1])[-2:] == IN_ADDR_ARPA.labels[:-1]
    for label in labels:
        if b"/" in label and not reverse:
            raise _invalid_label(label.decode(), field)
    return labels


def _parse_label(label: str, field: str) -> bytes:
    """Return the A-label in lower case; letters other than ASCII must be valid in IDNA 2008 without mapping."""
    if not label:
        raise InvalidName("a label is empty: the name has two dots in a row, or one at the start", field)
    if len(label) > MAX_LABEL_OCTETS:
        raise _long_label(label, len(label), field)
    lowered = "".join(char.lower() if char.isascii() else char for char in label)
    try:
        ascii_label = lowered if lowered.isascii() else idna.alabel(lowered).decode()
        if ascii_label.startswith("xn--") and idna.alabel(idna.ulabel(ascii_label)).decode() != ascii_label:
            raise _invalid_label(label, field)
    except (idna.IDNAError, UnicodeError) as refused:
        raise InvalidName(f"the label {label!r} is not valid under IDNA 2008: {refused}", field) from None
    if len(ascii_label) > MAX_LABEL_OCTETS:
        raise _long_label(label, len(ascii_label), field)
    if not _LABEL.fullmatch(ascii_label):
        raise _invalid_label(label, field)
    return ascii_label.encode()


def _long_label(label: str, octets: int, field: str) -> InvalidName:
    return InvalidName(f"the label {label[:20]}... has {octets} octets; at most {MAX_LABEL_OCTETS} are allowed", field)


def _invalid_label(label: str, field: str) -> InvalidName:
    return InvalidName(
        f"the label {label!r} is not valid: use letters, digits, hyphens and underscores, no hyphen at either end",
        field,
    )


def _absolute(labels: tuple[bytes, ...], field: str) -> Name:
    octets = sum(len(label) + 1 for label in labels) - 1
    if octets > MAX_NAME_OCTETS:
        raise _long_name(octets, field)
    return Name((*labels, b""))


def _long_name(octets: int, field: str) -> InvalidName:
    return InvalidName(f"the name has {octets} octets; at most {MAX_NAME_OCTETS} are allowed", field)
