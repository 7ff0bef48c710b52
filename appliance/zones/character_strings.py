"""Character strings of TXT and CAA records: text <-> octets (RFC 1035 sections 3.3.14 and 5.1).

A value that starts with a quote is read as quoted strings, in which a backslash escapes a quote, a
backslash or three decimal digits; any other value is the text itself, blanks and semicolons included.
"""

from __future__ import annotations

import re

from appliance.errors import InvalidValue

STRING_OCTETS = 255
"""The longest single character string on the wire."""
MAX_STRINGS = 256
"""Strings of one value."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(\d{3}|.)")


def parse_strings(value: str, limit: int) -> tuple[bytes, ...]:
    """The character strings of a TXT value, `limit` octets in all at most; plain text is cut every 255 octets."""
    if value.startswith('"'):
        strings = parse_quoted(value)
    else:
        octets = value.encode()
        strings = tuple(octets[at : at + STRING_OCTETS] for at in range(0, len(octets), STRING_OCTETS))
    if not strings:
        raise InvalidValue('the text is empty; an empty string is written as ""', "value")
    octets_in_all = sum(map(len, strings))
    if octets_in_all > limit:
        raise InvalidValue(f"the text has {octets_in_all} octets; at most {limit} are allowed", "value")
    return strings


def parse_quoted(value: str) -> tuple[bytes, ...]:
    """A sequence of quoted strings, one blank between two of them, each of 255 octets at most."""
    strings: list[bytes] = []
    at = 0
    while at < len(value):
        if len(strings) == MAX_STRINGS:
            raise InvalidValue(f"there are more than {MAX_STRINGS} strings", "value")
        found = _QUOTED.match(value, at)
        if not found:
            raise InvalidValue(
                f"at position {at + 1}: a quoted string was expected, closed by a quote and parted by one blank",
                "value",
            )
        strings.append(_unescape(found[1]))
        at = found.end()
        if at < len(value) - 1 and value[at] == " ":
            at += 1
        elif at < len(value):
            raise InvalidValue(
                f"at position {at + 1}: only a further quoted string may follow a quoted string", "value"
            )
    return tuple(strings)


def _unescape(text: str) -> bytes:
    """The octets of one quoted string; characters that are no escape stand for their UTF-8 octets."""
    octets, at = bytearray(), 0
    for found in _ESCAPE.finditer(text):
        octets += text[at : found.start()].encode()
        octets += _escaped(found[1])
        at = found.end()
    octets += text[at:].encode()
    if len(octets) > STRING_OCTETS:
        raise InvalidValue(f"a quoted string has {len(octets)} octets; at most {STRING_OCTETS} are allowed", "value")
    return bytes(octets)


def _escaped(escape: str) -> bytes:
    if escape in ('"', "\\"):
        return escape.encode()
    if len(escape) == 3 and escape.isascii() and int(escape) <= 255:
        return bytes([int(escape)])
    raise InvalidValue(f'\\{escape} is no escape: \\", \\\\ and \\000 to \\255 are', "value")


def print_quoted(strings: tuple[bytes, ...]) -> str:
    """The strings in quotes, printable ASCII as it is and any other octet as three decimal digits."""
    return " ".join(f'"{"".join(map(_print_octet, string))}"' for string in strings)


def _print_octet(octet: int) -> str:
    char = chr(octet)
    if char in '"\\':
        return f"\\{char}"
    return char if 0x20 <= octet < 0x7F else f"\\{octet:03}"
