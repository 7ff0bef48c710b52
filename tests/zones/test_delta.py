"""Differences between versions: forwards, backwards, together; and what is never published by UPDATE."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import dns.name
import pytest
from dns.rdatatype import RdataType
from hypothesis import given
from hypothesis import strategies as st

from appliance.zones.delta import (
    FILE_TYPES,
    UPDATE_TYPES,
    Delta,
    FileReason,
    WireRecord,
    ZoneNames,
    between,
    file_reason,
    names_up_to,
    net,
    wire_record,
)
from appliance.zones.model import Record
from appliance.zones.rdata import TYPES
from tests.zones.records import ORIGIN, any_records, record


def wire(text: str) -> bytes:
    """Return the wire form of a name below example.com, or of an absolute one."""
    return dns.name.from_text(text, ORIGIN).to_wire() or b""


ZONE = ZoneNames(wire("@"), {wire("ns1")}, {wire("child")})
ADDRESS = bytes((192, 0, 2, 1))

versions = st.lists(any_records.map(lambda found: frozenset(map(wire_record, found))), min_size=2, max_size=5)


def a(owner: str, address: bytes = ADDRESS, ttl: int = 300) -> WireRecord:
    return WireRecord(wire(owner), RdataType.A, ttl, address)


def adding(*records: WireRecord) -> Delta:
    return Delta(added=frozenset(records))


def either_way(delta: Delta) -> Iterable[FileReason | None]:
    return {file_reason(delta, ZONE), file_reason(delta.inverse(), ZONE)}


@given(versions)
def test_a_difference_leads_from_one_version_to_the_other_and_back(found: list[frozenset[WireRecord]]) -> None:
    before, after = found[:2]
    delta = between(before, after)
    assert delta.apply(before) == after
    assert delta.inverse().apply(after) == before and delta.inverse() == between(after, before)
    assert bool(delta) == (before != after) and not delta.removed & delta.added


@given(versions)
def test_successive_differences_together_are_the_difference_of_first_and_last(
    found: list[frozenset[WireRecord]],
) -> None:
    steps = [between(one, other) for one, other in itertools.pairwise(found)]
    assert net(steps) == between(found[0], found[-1])
    assert net([]) == Delta()


@given(any_records)
def test_a_stored_record_has_its_owner_in_lower_case_and_its_octets_counted(found: list[Record]) -> None:
    delta = between([], map(wire_record, found))
    for one in delta.records():
        assert one.owner == one.owner.lower()
    assert delta.octets == sum(len(one.owner) + 10 + len(one.rdata) for one in delta.added)


def test_an_ordinary_change_has_no_reason_for_a_file() -> None:
    """Among them a TTL of a whole RRset, another target of a CNAME, and data in place of a CNAME."""
    for before, after in (
        ([], [record("A", "www", "192.0.2.1"), record("A", "www", "192.0.2.2"), record("TXT", "www", "a")]),
        ([record("A", "www", "192.0.2.1", ttl=60)], [record("A", "www", "192.0.2.1", ttl=90)]),
        ([record("CNAME", "www", "a.example.org")], [record("CNAME", "www", "b.example.org")]),
        ([record("CNAME", "www", "a.example.org")], [record("A", "www", "192.0.2.1"), record("MX", "www", ".")]),
        ([record("TXT", "www", "ABC")], [record("TXT", "www", "abc")]),
        ([], [record("NS", "sub", "ns.example.org"), record("DS", "sub", f"1 8 2 {'ab' * 32}")]),
        ([], [record("A", "@", "192.0.2.1"), record("A", "*", "192.0.2.1"), record("A", "children", "192.0.2.1")]),
        ([], [record("A", "a.ns1", "192.0.2.1")]),
    ):
        delta = between(map(wire_record, before), map(wire_record, after))
        assert delta and set(either_way(delta)) == {None}


@pytest.mark.parametrize("rdtype", sorted(FILE_TYPES | {RdataType.DNAME, RdataType.NULL}))
def test_a_type_that_bind_treats_on_its_own_goes_by_file(rdtype: RdataType) -> None:
    """BIND replaces a DNAME, ignores an SOA below the apex, refuses NSEC and RRSIG, and 9.20 cannot load a lone CDS."""
    assert set(either_way(adding(WireRecord(wire("www"), rdtype, 300, b"\0")))) == {FileReason.TYPE}


def test_every_type_that_users_create_is_known_as_one_or_the_other() -> None:
    assert TYPES.keys() - FILE_TYPES == UPDATE_TYPES


@pytest.mark.parametrize(
    ("owner", "rdtype", "reason"),
    [
        ("@", RdataType.NS, FileReason.APEX),  # the last one is kept silently; one without an address is refused
        ("@", RdataType.DS, FileReason.APEX),
        ("@", RdataType.CNAME, FileReason.APEX),
        ("*", RdataType.NS, FileReason.WILDCARD_NS),
        ("*.dev", RdataType.NS, FileReason.WILDCARD_NS),
        ("ns1", RdataType.TXT, FileReason.OWN_NAME),
        ("child", RdataType.NS, FileReason.CHILD_ZONE),
        ("a.b.child", RdataType.A, FileReason.CHILD_ZONE),
        ("www.example.org.", RdataType.A, FileReason.OUTSIDE),
        ("com.", RdataType.A, FileReason.OUTSIDE),
        ("WWW", RdataType.A, FileReason.LETTER_CASE),
    ],
)
def test_a_record_that_bind_would_leave_out_goes_by_file(owner: str, rdtype: RdataType, reason: FileReason) -> None:
    assert set(either_way(adding(WireRecord(wire(owner), rdtype, 300, wire("ns.example.org."))))) == {reason}


def test_a_name_that_only_ends_like_the_zone_is_outside() -> None:
    owner = b"\x0cx" + wire("@")[:-1] + b"\0"  # one label that has the octets of example.com in it
    assert file_reason(adding(WireRecord(owner[:13] + b"\0", RdataType.A, 1, ADDRESS)), ZONE) is FileReason.OUTSIDE


def test_a_delegation_above_a_child_zone_goes_by_file() -> None:
    names = ZONE._replace(children={wire("a.dev")})
    ns = WireRecord(wire("dev"), RdataType.NS, 300, wire("ns.example.org."))
    assert file_reason(adding(ns), names) is FileReason.CHILD_ZONE
    assert file_reason(adding(a("dev")), names) is None


@pytest.mark.parametrize("rdtype", [RdataType.CNAME, RdataType.NS, RdataType.MX, RdataType.SVCB])
def test_letter_case_alone_goes_by_file(rdtype: RdataType) -> None:
    """BIND finds the record that it has equal to the new one, and changes nothing."""
    one, other = (WireRecord(wire("www"), rdtype, 300, wire(f"{name}.org.")) for name in ("Target", "target"))
    assert set(either_way(between([one], [other]))) == {FileReason.LETTER_CASE}
    assert file_reason(between([one], [one._replace(ttl=60)]), ZONE) is None


def test_several_ttls_in_an_rrset_go_by_file() -> None:
    """BIND gives all records the TTL of the one that was added last."""
    assert file_reason(adding(a("www"), a("www", b"\1\2\3\4", 60)), ZONE) is FileReason.TTL
    assert file_reason(adding(a("www"), a("www2", b"\1\2\3\4", 60)), ZONE) is None


def test_other_data_beside_a_cname_goes_by_file() -> None:
    """BIND leaves it out, and a second CNAME replaces the first."""
    one, other = (WireRecord(wire("www"), RdataType.CNAME, 300, wire(f"{name}.example.org.")) for name in ("a", "b"))
    assert file_reason(adding(one, other), ZONE) is FileReason.CNAME
    assert file_reason(adding(one, a("www")), ZONE) is FileReason.CNAME


def test_the_names_up_to_the_zone() -> None:
    assert list(names_up_to(wire("a.b"), wire("@"))) == [wire("a.b"), wire("b")]
    assert list(names_up_to(wire("@"), wire("@"))) == []
