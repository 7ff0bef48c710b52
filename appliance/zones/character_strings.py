"""Character strings of TXT and CAA records: text <-> octets (RFC 1035 sections 3.3.14 and 5.1).

A value that starts with a quote is a sequence of quoted strings, in which a backslash escapes the next character, or
three decimal digits that are an octet. Any other value is plain text, including spaces and semicolons.
"""

from __future__ import annotations

import re

from appliance.errors import InvalidValue

STRING_OCTETS = 255
"""The maximum length of one character string on the wire, in octets."""
MAX_STRINGS = 256
"""The maximum number of strings in one TXT record."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_ESCAPE = re.compile(r"\\(\d{3}|\D)")
_IN_BRACKETS = re.compile(r"""\(\s*+".*"\s*+\)\s*+""", re.DOTALL)


def parse_strings(value: str, limit: int) -> tuple[bytes, ...]:
    """Return the character strings of a TXT value; what is longer than 255 octets is split.

    Raise InvalidValue if the value is empty or malformed, or has more than `limit` octets or 256 strings.
    """
    strings = [part for text in _texts(value) for part in _split(text)]
    if not strings:
        raise InvalidValue('the text is empty; an empty string is written as ""', "value")
    total = sum(map(len, strings))
    if total > limit:
        raise InvalidValue(f"the text has {total} octets; at most {limit} are allowed", "value")
    if len(strings) > MAX_STRINGS:
        raise InvalidValue(f"the value has more than {MAX_STRINGS} strings of {STRING_OCTETS} octets", "value")
    return tuple(strings)


def refuse_brackets(value: str) -> None:
    """Raise InvalidValue for quoted strings in brackets, on one or several lines, as zone files have them."""
    if _IN_BRACKETS.fullmatch(value):
        raise InvalidValue(
            "leave out the brackets around the quoted strings, and separate the strings by single spaces", "value"
        )


def parse_quoted(value: str) -> tuple[bytes, ...]:
    """Return a sequence of quoted strings of any length, separated by one space; raise InvalidValue otherwise."""
    strings: list[bytes] = []
    at = 0
    while at < len(value):
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


def _texts(value: str) -> tuple[bytes, ...]:
    return parse_quoted(value) if value.startswith('"') else (value.encode(),) if value else ()


def _split(octets: bytes) -> list[bytes]:
    """Return the octets in pieces of at most 255; an empty text is one empty string."""
    return [octets[at : at + STRING_OCTETS] for at in range(0, len(octets) or 1, STRING_OCTETS)]


def _unescape(text: str) -> bytes:
    """Return the octets of one quoted string; characters outside escapes are encoded in UTF-8."""
    octets, at = bytearray(), 0
    while (start := text.find("\\", at)) >= 0:
        found = _ESCAPE.match(text, start)
        if not found:
            raise InvalidValue(
                f"{text[start : start + 4]} is not a valid escape: write \\000 to \\255, or a backslash and any other "
                "character",
                "value",
            )
        octets += text[at:start].encode() + _escaped(found[1])
        at = found.end()
    return bytes(octets) + text[at:].encode()


def _escaped(escape: str) -> bytes:
    if len(escape) < 3:
        return escape.encode()
    if not escape.isascii() or int(escape) > 255:
        raise InvalidValue(f"\\{escape} is not a valid escape: an octet is \\000 to \\255", "value")
    return bytes([int(escape)])


def print_quoted(strings: tuple[bytes, ...]) -> str:
    """Return the strings in quotes, printable ASCII unchanged and any other octet as three decimal digits."""
    return " ".join(f'"{"".join(map(_print_octet, string))}"' for string in strings)


def _print_octet(octet: int) -> str:
    char = chr(octet)
    if char in '"\\':
        return f"\\{char}"
    return char if 0x20 <= octet < 0x7F else f"\\{octet:03}"
