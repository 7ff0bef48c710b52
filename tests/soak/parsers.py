"""Every parser of untrusted input, as a function of one string, with valid inputs as seeds.

For accepted input, `round_trip` prints the result, parses it again and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints
from uuid import UUID

import dns.name
from dns.name import Name

from appliance.errors import ApplianceError, CommandError, InputError, SettingsError
from appliance.render.zone_file import record_line
from appliance.settings import SECTIONS, read_value
from appliance.web.deployment_wait import preferred_wait
from appliance.web.json_body import read_object
from appliance.zones.character_strings import parse_quoted, parse_strings, print_quoted
from appliance.zones.model import Record
from appliance.zones.names import (
    parse_domain,
    parse_owner,
    parse_target,
    print_domain,
    print_owner,
    print_unicode,
    refuse_control_characters,
)
from appliance.zones.rdata import TYPES, ParsedRdata, has_priority, parse_rdata, parse_type, print_line
from appliance.zones.zone_file_content import FileRecord
from appliance.zones.zone_file_reader import read_zone_file
from tests.soak.message_parsers import DIFFERENCES, UPDATE_RESPONSES, read_difference, read_update_response
from tests.soak.values import DOMAINS, OWNERS, VALUES
from tests.zones.records import NOW, ORIGIN

REVERSE = dns.name.from_text("0/25.2.0.192.in-addr.arpa.")
_NOBODY = UUID(int=4)
_PRIORITY = 10
_KINDS = tuple(
    (f"{name}.{key}", kind) for name, section in SECTIONS.items() for key, kind in get_type_hints(section).items()
)


def _no_round_trip(_parsed: Any) -> None:  # noqa: ANN401 - whatever a parser gave
    """Do nothing: the result cannot be printed."""


@dataclass(frozen=True, slots=True)
class Parser:
    """A parser: `parse` accepts a string or raises one of `errors`; `seeds` are valid strings."""

    parse: Callable[[str], Any]
    seeds: Sequence[str]
    round_trip: Callable[[Any], None] = _no_round_trip
    errors: type[ApplianceError] = InputError


def _domain_round_trip(name: Name) -> None:
    assert parse_domain(print_domain(name)) == name
    print_unicode(name)


def _owners(text: str) -> list[tuple[Name, Name]]:
    return [(parse_owner(text, origin), origin) for origin in (ORIGIN, REVERSE)]


def _owners_round_trip(owners: Sequence[tuple[Name, Name]]) -> None:
    for owner, origin in owners:
        assert parse_owner(print_owner(owner, origin), origin) == owner


def _target(text: str) -> Name:
    return parse_target(text, ORIGIN, null_allowed=True)


def _strings(text: str) -> tuple[bytes, ...]:
    """Parse strings as `parse_rdata` does."""
    refuse_control_characters(text[:20_000], "value")
    return parse_strings(text[:20_000], 4096)


def _content(*types: str) -> Parser:
    """Return a parser of record data; the length of the text selects one of the types."""

    def parse(text: str) -> tuple[str, ParsedRdata]:
        record_type = types[len(text) % len(types)]
        priority = _PRIORITY if has_priority(parse_type(record_type)) else None
        return record_type, parse_rdata(record_type, text, priority, ORIGIN)

    return Parser(parse, tuple(value for one in types for value in VALUES[one]), _content_round_trip)


def _content_round_trip(parsed: tuple[str, ParsedRdata]) -> None:
    record_type, content = parsed
    wire = content.rdata.to_wire() or b""
    reparsed = parse_rdata(record_type, content.value, content.priority, ORIGIN)
    assert (reparsed.rdata.to_wire(), reparsed.value) == (wire, content.value)
    record_line(Record(_NOBODY, ORIGIN, content.rdata.rdtype, 0, wire, content.value, None, "", NOW, NOW))


def _body(text: str) -> None:
    read_object(text.encode("utf-8", "surrogatepass"))


def _setting(text: str) -> None:
    """Parse the value of a setting, which the length of the text selects; operators write no very long values."""
    key, kind = _KINDS[len(text) % len(_KINDS)]
    read_value(key, kind, text[:4_000])


def _strings_round_trip(strings: tuple[bytes, ...]) -> None:
    assert parse_quoted(print_quoted(strings)) == strings


def _target_round_trip(name: Name) -> None:
    assert _target(print_domain(name)) == name


def _zone_file(text: str) -> list[tuple[FileRecord, ParsedRdata]]:
    """Read a zone file, and parse its records as an import does; files are short, since they have many records."""
    found = read_zone_file(text[:500], ORIGIN, limit=20)
    return [(one, parse_rdata(one.record_type, one.value, one.priority, ORIGIN)) for one in found.records]


def _zone_file_round_trip(parsed: Sequence[tuple[FileRecord, ParsedRdata]]) -> None:
    """Print the records as the deployer does and read them again."""
    for one, content in parsed:
        line = f"{one.name} {one.ttl or 0} IN {one.record_type} {print_line(content.rdata)}"
        (again,) = read_zone_file(line, ORIGIN).records
        assert parse_rdata(again.record_type, again.value, again.priority, ORIGIN).rdata == content.rdata


_ZONE_FILES = (
    "$TTL 1h\n@ SOA ns. me. 1 2 3 4 5\n  NS ns.example.net.\nwww 60 IN MX ( 10 ; first\n mail )\n",
    '$ORIGIN sub\n_x._tcp IN 1h30m TXT "a \\"b\\"" c\\;d\n$GENERATE 1-3/2 a${0,2,x} CNAME b$\n',
    'a TYPE16 \\# 3 026869\nb HTTPS 1 . alpn="h2,h3"\nc LOC 52 22 23.000 N 4 53 32.000 E -2.00m\n',
)
_BODIES = (
    '{"record_type": "A", "name": "www", "value": "192.0.2.1", "ttl": 300, "priority": null}',
    '{"a": [1, -2.5e10, true, {"b": "\\u00e9\\ud83d\\ude00\\n"}], "": {}}',
    "[[[[[[]]]]]]",
    '{"n": 123456789012345678901234567890}',
)
_PREFERENCES = ("wait=10", 'respond-async, wait="5"; x=1', "handling=lenient, WAIT = 7;a,b")
_SETTINGS = ("5", "127.0.0.1:8053", "[::1]:53", "ns1.example.net=192.0.2.1:53,ns2.example.net=[2001:db8::1]:53", "/a/b")
_ALONE = ("TXT", "CAA", "SVCB", "NAPTR", "LOC")

PARSERS: Mapping[str, Parser] = {
    "domain": Parser(parse_domain, DOMAINS, _domain_round_trip),
    "owner": Parser(_owners, OWNERS, _owners_round_trip),
    "target": Parser(_target, (*DOMAINS, ".", "@"), _target_round_trip),
    "strings": Parser(_strings, VALUES["TXT"], _strings_round_trip),
    **{name: _content(name) for name in _ALONE},
    "other types": _content(*(rdtype.name for rdtype in TYPES if rdtype.name not in _ALONE)),
    "zone file": Parser(_zone_file, _ZONE_FILES, _zone_file_round_trip),
    "JSON body": Parser(_body, _BODIES),
    "Prefer": Parser(preferred_wait, _PREFERENCES),
    "settings": Parser(_setting, _SETTINGS, errors=SettingsError),
    "IXFR": Parser(read_difference, DIFFERENCES, errors=CommandError),
    "UPDATE response": Parser(read_update_response, UPDATE_RESPONSES, errors=CommandError),
}
