r"""Records as text: the absolute name and the data in presentation format (RFC 1035 section 5.1), as other protocols
have them <-> name, value and priority of a request.

    www.example.com.  MX  "10 mail.example.net."  <->  value mail.example.net, priority 10

Names and targets are printed with a final dot and read with or without it. Pure; whether data is valid is decided by
`appliance.zones.rdata`, when the request is applied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import InvalidValue
from appliance.zones.character_strings import parse_quoted, print_quoted, refuse_brackets
from appliance.zones.model import Record
from appliance.zones.names import print_domain, refuse_control_characters
from appliance.zones.rdata import TYPES, has_priority, parse_type

LOC_SIZES = ("1.00m", "10000.00m", "10.00m")
"""The last fields of a LOC record, size and precisions, where they are the default (RFC 1876 section 3)."""

_LOC_FIELDS = 12
_GAP = re.compile(r'("(?:[^"\\]|\\.?)*+"?)|[ \t]+', re.DOTALL)
"""A quoted string, also without its closing quote, so that none of it is read twice; or a gap between words."""
_PRIORITY = re.compile(r"([0-9]{1,5}) (.*)")
_PLAIN_PARAMETER = re.compile(r'(?<==)"([^\s"\\;()]+)"')
_WORDS_BEFORE_DATA = {
    RdataType.TLSA: 3,
    RdataType.SMIMEA: 3,
    RdataType.DS: 3,
    RdataType.SSHFP: 2,
    RdataType.OPENPGPKEY: 0,
    RdataType.DHCID: 0,
}
"""Types that end in hexadecimal digits or base64, which may be written in several words, and the words before it."""


@dataclass(frozen=True, slots=True)
class RecordText:
    """The data of a record as a request has it."""

    value: str
    priority: int | None


def print_name(name: Name) -> str:
    """Return the name with its final dot."""
    return _with_dot(print_domain(name))


def print_content(record: Record) -> str:
    """Return the data in presentation format: with the priority, final dots, and all fields of a LOC.

    TXT is one quoted string where the value is plain text, of whatever length, else the quoted strings.
    """
    if record.rdtype == RdataType.TXT:
        return record.value if record.value.startswith('"') else print_quoted((record.value.encode(),))
    words = record.value.split(" ")
    target = TYPES[record.rdtype].target
    if target is not None:
        words[target] = _with_dot(words[target])
    if record.rdtype in _WORDS_BEFORE_DATA:
        before = _WORDS_BEFORE_DATA[record.rdtype]
        words[before:] = ["".join(words[before:])]
    if record.rdtype == RdataType.LOC:
        words += LOC_SIZES[len(words) - _LOC_FIELDS :] if len(words) < _LOC_FIELDS else ()
    if record.rdtype in (RdataType.SVCB, RdataType.HTTPS):
        words[2:] = [_PLAIN_PARAMETER.sub(r"\1", word) for word in words[2:]]
    return " ".join([*([str(record.priority)] if has_priority(record.rdtype) else []), *words])


def read_content(record_type: str, content: str) -> RecordText:
    """Return value and priority of data in presentation format; words may be separated by several spaces or tabs.

    TXT without quotes is plain text. Raise UnsupportedType, or InvalidValue for a priority or quotes that are missing.
    """
    rdtype = parse_type(record_type)
    if rdtype == RdataType.TXT:
        return RecordText(_read_text(content), None)
    text = _GAP.sub(lambda found: found[1] or " ", content.strip(" \t"))
    if not has_priority(rdtype):
        return RecordText(text, None)
    found = _PRIORITY.fullmatch(text)
    if not found:
        raise InvalidValue(f"{record_type} content begins with the priority, such as 10, and a space", "value")
    return RecordText(found[2], int(found[1]))


def _read_text(content: str) -> str:
    """Return the value of a TXT record: plain text for one string that plain text can hold, else quoted strings.

    Between these there may be any number of spaces and tabs, or none.
    """
    text = content.strip(" \t")
    if not text.startswith('"'):
        return text
    strings = parse_quoted(_GAP.sub(lambda found: f"{found[1]} " if found[1] else "", text).removesuffix(" "))
    plain = _plain(strings[0]) if len(strings) == 1 else None
    return print_quoted(strings) if plain is None else plain


def _plain(octets: bytes) -> str | None:
    """Return the octets as plain text, or None if a request could not have them in that form."""
    try:
        text = octets.decode()
        refuse_control_characters(text, None)
        refuse_brackets(text)
    except (UnicodeDecodeError, InvalidValue):
        return None
    return None if not text or text.startswith('"') else text


def _with_dot(name: str) -> str:
    return name if name == "." else f"{name}."
