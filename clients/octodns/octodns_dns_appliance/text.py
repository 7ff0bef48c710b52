"""TXT data between octoDNS and the API.

octoDNS keeps one text for a record: what is between the quotes of a zone file, but with quotes as they are. The
API has plain text, or for what that cannot hold quoted strings (RFC 1035 section 5.1).
"""

from __future__ import annotations

import re

ESCAPE = re.compile(rb"\\([01][0-9]{2}|2[0-4][0-9]|25[0-5]|.)", re.DOTALL)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


def from_api(value: str) -> str:
    """Return the text of octoDNS for the value of a TXT record of the API."""
    quoted = value.startswith('"')
    data = b"".join(map(unescape, STRING.findall(value))) if quoted else value.encode()
    text = "".join(map(escape, data)).replace('" "', '"\\032"')
    return f"\\034{text[1:]}" if text.startswith('"') else text


def to_api(text: str) -> str:
    """Return the value of a TXT record of the API for a text of octoDNS."""
    data = unescape(text)
    try:
        plain = data.decode()
    except UnicodeDecodeError:
        plain = ""
    if plain and not plain.startswith('"') and not any(is_control(letter) for letter in plain):
        return plain
    return '"{}"'.format("".join(map(escape, data)).replace('"', '\\"'))


def unescape(text: str) -> bytes:
    """Return the octets of a text in which a backslash escapes a character, or an octet in three digits."""
    return ESCAPE.sub(lambda found: bytes([int(found[1])]) if len(found[1]) == 3 else found[1], text.encode())


def escape(octet: int) -> str:
    """Return one octet as octoDNS has it."""
    if octet in b"\\;":
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03}"


def is_control(letter: str) -> bool:
    """Return whether plain text of the API cannot hold this character."""
    return ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0
