r"""Labels of names: text <-> octets, in lower case.

A label of an owner follows the rules of host names, with underscores, and of IDNA 2008 without mapping. A label of a
target is data (RFC 2181 section 11): hyphens at its ends and A-labels that IDNA does not know are accepted. Below
`_tcp` and `_udp` a label may hold any octet (RFC 6763 section 4.1.1): those other than letters, digits, hyphens,
underscores and slashes are written `\032`, and so is a dot. So printed labels have no dots.
"""

from __future__ import annotations

import enum
import re

import idna

from appliance.errors import InvalidName

MAX_LABEL_OCTETS = 63
SERVICE_LABELS = frozenset({b"_tcp", b"_udp"})
"""Labels below which a label may hold any octet."""

_OWNER = re.compile(r"[a-z0-9_]([a-z0-9/_-]*[a-z0-9_])?")
_ANY = re.compile(r"[a-z0-9/_-]+")
_PRINTED = re.compile(rb"[a-z0-9/_-]+|\*")
_PLAIN = re.compile(rb"[a-z0-9/_.-]+")
_UNPRINTED = re.compile(rb"[^a-z0-9/_-]")
_SHORT_ESCAPE = re.compile(r"\\([^0-9])", re.DOTALL)
_ESCAPED = re.compile(r"(?:\\[0-9]{3}|[A-Za-z0-9/_-]|[^\x00-\x7f])+")
_ESCAPE = re.compile(rb"\\([0-9]{3})")


class Place(enum.Enum):
    """Where a label is: this decides which octets it may hold."""

    OWNER = enum.auto()
    TARGET = enum.auto()
    SERVICE = enum.auto()


def lengthen_escapes(text: str) -> str:
    r"""Return the name with each escape of a character, such as `\.`, in the form of three digits."""
    return _SHORT_ESCAPE.sub(lambda found: _escape(found[1].encode("utf-8", "surrogatepass")), text)


def parse_label(label: str, place: Place, field: str) -> bytes:
    """Return the octets of a label, the A-label for other letters than ASCII; raise InvalidName if it is not valid."""
    if not label:
        raise InvalidName("a label is empty: the name has two dots in a row, or one at the start", field)
    if "\\" in label:
        return _parse_escaped(label, place, field)
    if len(label) > MAX_LABEL_OCTETS:
        raise _long_label(label, len(label), field)
    ascii_label = _to_ascii(label, place, field)
    if len(ascii_label) > MAX_LABEL_OCTETS:
        raise _long_label(label, len(ascii_label), field)
    if not (_OWNER if place is Place.OWNER else _ANY).fullmatch(ascii_label):
        raise invalid_label(label, field)
    return ascii_label.encode()


def print_label(label: bytes) -> str:
    """Return the text of a label: ASCII without dots, which `parse_label` and `read_label` return unchanged."""
    if _PRINTED.fullmatch(label):
        return label.decode()
    return _UNPRINTED.sub(lambda found: _escape(found[0]).encode(), label).decode()


def print_labels(labels: tuple[bytes, ...]) -> str:
    """Return the text of several labels, separated by dots."""
    octets = b".".join(labels)
    if _PLAIN.fullmatch(octets) and octets.count(b".") == len(labels) - 1:
        return octets.decode()
    return ".".join(map(print_label, labels))


def read_label(text: str) -> bytes:
    """Return the label that `print_label` wrote."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1])]), text.encode())


def invalid_label(label: str, field: str) -> InvalidName:
    """Return the error of a label with characters that it may not have."""
    return InvalidName(
        f"the label {label!r} is not valid: use letters, digits, hyphens and underscores, no hyphen at either end",
        field,
    )


def _to_ascii(label: str, place: Place, field: str) -> str:
    lowered = "".join(char.lower() if char.isascii() else char for char in label)
    try:
        ascii_label = lowered if lowered.isascii() else idna.alabel(lowered).decode()
        is_judged = place is Place.OWNER and ascii_label.startswith("xn--")
        if is_judged and idna.alabel(idna.ulabel(ascii_label)).decode() != ascii_label:
            raise invalid_label(label, field)
    except (idna.IDNAError, UnicodeError) as refused:
        raise InvalidName(f"the label {label!r} is not valid under IDNA 2008: {refused}", field) from None
    return ascii_label


def _parse_escaped(label: str, place: Place, field: str) -> bytes:
    if place is not Place.SERVICE:
        raise InvalidName(f"the label {label[:80]!r} has an escape, which is allowed only below _tcp and _udp", field)
    if not _ESCAPED.fullmatch(label) or any(int(found) > 255 for found in re.findall(r"\\([0-9]{3})", label)):
        raise InvalidName(
            f"the label {label[:80]!r} is not valid: write octets other than letters, digits, hyphens and underscores "
            r"as \000 to \255",
            field,
        )
    octets = _ESCAPE.sub(lambda found: bytes([int(found[1])]), label.encode()).lower()
    if octets == b"*":
        raise invalid_label(label, field)
    if len(octets) > MAX_LABEL_OCTETS:
        raise _long_label(label, len(octets), field)
    return octets


def _escape(octets: bytes) -> str:
    return "".join(f"\\{octet:03}" for octet in octets)


def _long_label(label: str, octets: int, field: str) -> InvalidName:
    return InvalidName(f"the label {label[:20]}... has {octets} octets; at most {MAX_LABEL_OCTETS} are allowed", field)
