"""Records as text of other protocols: what is printed is read as the same record, for every type."""

from __future__ import annotations

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import InvalidValue, UnsupportedType
from appliance.zones.model import Record
from appliance.zones.names import parse_owner
from appliance.zones.rdata import TYPES, parse_rdata
from appliance.zones.record_text import RecordText, print_content, print_name, read_content
from tests.zones.records import NOW, ORIGIN, VALUES, any_record, record


def stored(record_type: str, value: str, priority: int | None = None) -> Record:
    """Return a record with that value and priority."""
    parsed, uuid = parse_rdata(record_type, value, priority, ORIGIN), record("A", "www", "192.0.2.1").uuid
    return Record.from_parsed(
        parsed, uuid=uuid, owner=ORIGIN, ttl=300, comment="", created_at=NOW, updated_at=NOW, expires_at=None
    )


def test_every_type_has_a_value_in_these_tests() -> None:
    assert {record_type for record_type, _ in VALUES} == {rdtype.name for rdtype in TYPES}


@given(any_record)
def test_what_is_printed_is_read_as_the_same_record(one: Record) -> None:
    read = read_content(one.rdtype.name, print_content(one))
    assert parse_rdata(one.rdtype.name, read.value, read.priority, ORIGIN).rdata.to_wire() == one.wire
    assert parse_owner(print_name(one.owner), ORIGIN) == one.owner


@given(any_record)
def test_what_was_read_is_printed_as_it_was(one: Record) -> None:
    content = print_content(one)
    read = read_content(one.rdtype.name, content)
    assert print_content(stored(one.rdtype.name, read.value, read.priority)) == content


@given(st.text(min_size=1, max_size=600).filter(lambda text: len(text.encode(errors="replace")) <= 4096))
def test_any_plain_text_comes_back_plain(text: str) -> None:
    try:
        one = stored("TXT", text)
    except InvalidValue:
        return
    read = read_content("TXT", print_content(one))
    assert stored("TXT", read.value).wire == one.wire
    assert read.value == text or text.startswith('"')


@given(st.lists(st.binary(max_size=255), min_size=1, max_size=4))
def test_any_octets_come_back(strings: list[bytes]) -> None:
    quoted = " ".join('"' + "".join(f"\\{octet:03}" for octet in string) + '"' for string in strings)
    one = stored("TXT", read_content("TXT", quoted).value)
    assert one.rdata.strings == tuple(strings)  # type: ignore[attr-defined]
    assert stored("TXT", read_content("TXT", print_content(one)).value).wire == one.wire


@pytest.mark.parametrize(
    ("record_type", "value", "priority", "content"),
    [
        ("MX", "mail.example.net", 10, "10 mail.example.net."),
        ("MX", ".", 0, "0 ."),
        ("SRV", "10 5060 sip.example.net", 5, "5 10 5060 sip.example.net."),
        ("CNAME", "example.net", None, "example.net."),
        ("TXT", "v=spf1 -all; x", None, '"v=spf1 -all; x"'),
        ("TXT", "a" * 400, None, f'"{"a" * 400}"'),
        ("TXT", '"a" "b"', None, '"a" "b"'),
        ("TXT", "é", None, '"\\195\\169"'),
        ("CAA", '0 issue "letsencrypt.org"', None, '0 issue "letsencrypt.org"'),
        ("HTTPS", "1 . alpn=h2,h3", None, "1 . alpn=h2,h3"),
        ("SVCB", "1 a.example.net alpn=h2 port=443", None, "1 a.example.net. alpn=h2 port=443"),
        (
            "LOC",
            "52 22 23.000 N 4 53 32.000 E -2.00m",
            None,
            "52 22 23.000 N 4 53 32.000 E -2.00m 1.00m 10000.00m 10.00m",
        ),
        ("NAPTR", '1 2 "u" "x" "" .', None, '1 2 "u" "x" "" .'),
        ("TLSA", f"3 0 0 {'ab' * 99}", None, f"3 0 0 {'ab' * 99}"),
        ("OPENPGPKEY", "AAAA" * 40, None, "AAAA" * 40),
        ("DHCID", "AAEC" * 40, None, "AAEC" * 40),
    ],
)
def test_a_value_is_printed_in_presentation_format(
    record_type: str, value: str, priority: int | None, content: str
) -> None:
    assert print_content(stored(record_type, value, priority)) == content


@pytest.mark.parametrize(
    ("record_type", "content", "value", "priority"),
    [
        ("MX", " 10\tmail.example.net ", "mail.example.net", 10),
        ("SRV", "5 10  5060 sip.example.net.", "10 5060 sip.example.net.", 5),
        ("TXT", '"v=DMARC1\\; p=none"', "v=DMARC1; p=none", None),
        ("TXT", '"a \\"b\\" \\\\"', 'a "b" \\', None),
        ("TXT", '"\\195\\169"', "é", None),
        ("TXT", '"a"  "b"', '"a" "b"', None),
        ("TXT", '"a""b\\"" \t"c "', '"a" "b\\"" "c "', None),
        ("TXT", '""', '""', None),
        ("TXT", '"\\"a"', '"\\"a"', None),
        ("TXT", '"\\000"', '"\\000"', None),
        ("TXT", '"\\255"', '"\\255"', None),
        ("TXT", '"(\\"a\\")"', '"(\\"a\\")"', None),
        ("TXT", "plain; text", "plain; text", None),
        ("CAA", '0  issue  "a  b"', '0 issue "a  b"', None),
    ],
)
def test_content_is_read_as_value_and_priority(
    record_type: str, content: str, value: str, priority: int | None
) -> None:
    assert read_content(record_type, content) == RecordText(value, priority)


@pytest.mark.parametrize(
    ("record_type", "content"),
    [("MX", "mail.example.net"), ("MX", ""), ("SRV", "a b c d"), ("TXT", '"a'), ("TXT", '"a" b')],
)
def test_content_without_priority_or_closing_quote_is_refused(record_type: str, content: str) -> None:
    with pytest.raises(InvalidValue):
        read_content(record_type, content)


@pytest.mark.parametrize("record_type", ["TXT", "CAA"])
def test_a_long_string_without_its_closing_quote_is_read_once(record_type: str) -> None:
    content = '"' + '\\"' * 1_000_000  # read again from each quote, it would take hours
    with pytest.raises(InvalidValue):
        parse_rdata(record_type, read_content(record_type, content).value, None, ORIGIN)


@pytest.mark.parametrize("record_type", ["ALIAS", "LUA", "SOA", "a", ""])
def test_other_types_are_refused(record_type: str) -> None:
    with pytest.raises(UnsupportedType):
        read_content(record_type, "x")


def test_names_have_a_final_dot() -> None:
    assert print_name(ORIGIN) == "example.com." and print_name(dns.name.root) == "."
