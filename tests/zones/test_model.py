"""Records cache their parsed rdata, and a copy with another wire form does not keep it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from hypothesis import given

from appliance.zones.model import Record
from appliance.zones.rdata import parse_rdata, parse_wire
from tests.zones.records import ORIGIN, any_record, record

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)


def test_rdata_is_parsed_once() -> None:
    one = record("MX", "@", "mail.example.com")
    assert one.rdata is one.rdata
    assert replace(one, ttl=5, comment="x").rdata is one.rdata


def test_a_record_of_parsed_rdata_is_not_parsed_again() -> None:
    parsed = parse_rdata("A", "192.0.2.1", None, ORIGIN)
    times = {"created_at": NOW, "updated_at": NOW}
    one = Record.from_parsed(parsed, uuid=uuid4(), owner=ORIGIN, ttl=5, comment="", **times)
    assert one.rdata is parsed.rdata and one.wire == b"\xc0\x00\x02\x01"


def test_a_copy_with_another_wire_form_has_its_own_rdata() -> None:
    one = record("A", "@", "192.0.2.1")
    assert one.rdata.to_text() == "192.0.2.1"
    assert replace(one, wire=b"\xc0\x00\x02\x02").rdata.to_text() == "192.0.2.2"


@given(any_record)
def test_cached_rdata_does_not_affect_equality(one: Record) -> None:
    other = replace(one)
    assert one.rdata == parse_wire(one.rdtype, one.wire)
    assert one == other and hash(one) == hash(other) and repr(one) == repr(other)
