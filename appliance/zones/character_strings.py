"""Character strings of TXT and CAA records: text <-> octets (RFC 1035 sections 3.3.14 and 5.1).

A value that starts with a quote is a sequence of quoted strings, in which a backslash escapes a quote, a backslash or
three decimal digits. Any other value is plain text, including spaces and semicolons.
"""

from __future__ import annotations

import re

from appliance.errors import InvalidValue

STRING_OCTETS = 255
"""The maximum length of one character string on the wire, in octets."""
MAX_STRINGS = 256
"""The maximum number of strings in one value."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(\d{3}|.)")


def parse_strings(value: str, limit: int) -> tuple[bytes, ...]:
    """Return the character strings of a TXT value, plain text split every 255 octets.

    Raise InvalidValue if the value is empty or malformed, or has more than `limit` octets.
    """
    if value.startswith('"'):
        strings = parse_quoted(value)
    else:
        octets = value.encode()
        strings = tuple(octets[at : at + STRING_OCTETS] for at in range(0, len(octets), STRING_OCTETS))
    if not strings:
        raise InvalidValue('the text is empty; an empty string is written as ""', "value")
    total = sum(map(len, strings))
    if total > limit:
        raise InvalidValue(f"the text has {total} octets; at most {limit} are allowed", "value")
    return strings


def parse_quoted(value: str) -> tuple[bytes, ...]:
    """Return a sequence of quoted strings, separated by one space; raise InvalidValue if it is malformed.

    Each may have 255 octets; there may be 256 of them.
    """
    strings: list[bytes] = []
    at = 0
    while at < len(value):
        if len(strings) == MAX_STRINGS:
            raise InvalidValue(f"the value has more than {MAX_STRINGS} quoted strings", "value")
        found = _QUOTED.match(value, at)
        if not found:
            raise InvalidValue(
                f"a quoted string is expected at position {at + 1}, closed by a quote and separated by one space",
                "value",
            )
        strings.append(_unescape(found[1]))
        at = found.end()
        if at < len(value) - 1 and value[at] == " ":
            at += 1
        elif at < len(value):
            raise InvalidValue(f"only another quoted string may follow at position {at + 1}", "value")
    return tuple(strings)


def _unescape(text: str) -> bytes:
    """Return the octets of one quoted string; characters outside escapes are encoded in UTF-8."""
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
    raise InvalidValue(f'\\{escape} is not a valid escape: use \\", \\\\ or \\000 to \\255', "value")


def print_quoted(strings: tuple[bytes, ...]) -> str:
    """Return the strings in quotes, printable ASCII unchanged and any other octet as three decimal digits."""
    return " ".join(f'"{"".join(map(_print_octet, string))}"' for string in strings)


def _print_octet(octet: int) -> str:
    char = chr(octet)
    if char in '"\\':
        return f"\\{char}"
    return char if 0x20 <= octet < 0x7F else f"\\{octet:03}"
