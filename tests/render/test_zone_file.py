"""Zone files: they parse as the zone that was rendered, and hold printable lines only."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import dns.name
import dns.zone
import pytest
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from hypothesis import given
from hypothesis import strategies as st

from appliance.addresses import Endpoint, Nameserver, ServerAddress
from appliance.errors import CompileFailed
from appliance.render.zone_file import (
    Apex,
    apex_of,
    derived_digest,
    has_derived,
    is_complete,
    own_lines,
    record_line,
    serial_of,
    zone_file,
)
from appliance.settings import DnsSettings
from appliance.zones.model import Record
from appliance.zones.own_records import OwnAddress
from appliance.zones.signing import CONTENT_TYPE
from tests.pair import program
from tests.workspace import APEX, SERVERS
from tests.zones.records import ORIGIN, any_records, record
from tests.zones.test_rules import VALID_ZONES

Content = set[tuple[str, int, RdataType, bytes]]


def render(records: list[Record], serial: int = 7, apex: Apex = APEX) -> bytes:
    lines = "".join(f"{record_line(one)}\n" for one in records)
    return zone_file(ORIGIN, serial, apex, lines, len(records))


def read(file: bytes) -> Content:
    """Return every record of the file, as dnspython parses it."""
    zone = dns.zone.from_text(file.decode("ascii"), ORIGIN, IN, relativize=False, check_origin=False)
    return {
        (owner.to_text(), rdataset.ttl, rdataset.rdtype, rdata.to_wire() or b"")
        for owner, rdataset in zone.iterate_rdatasets()
        for rdata in rdataset
    }


def readable(records: list[Record]) -> list[Record]:
    """Return the records that dnspython can parse: one TTL per rrset, no duplicates, no data beside a CNAME, no LOC."""
    ttls = {(one.owner, one.rdtype): one.ttl for one in records}
    unique = {one.key: replace(one, ttl=ttls[one.owner, one.rdtype]) for one in records if one.rdtype != RdataType.LOC}
    aliases = {one.owner for one in unique.values() if one.rdtype == RdataType.CNAME} | {ORIGIN}
    return [
        one for one in unique.values() if one.owner not in aliases or one.rdtype not in {RdataType.CNAME, RdataType.NS}
    ]


@given(any_records.map(readable), st.integers(1, 2**32 - 1))
def test_a_rendered_file_parses_as_its_records(records: list[Record], serial: int) -> None:
    content = read(render(records, serial))
    apex = {row for row in content if row[0] == "example.com." and row[2] in {RdataType.SOA, RdataType.NS}}
    assert content - apex == {(one.owner.to_text(), one.ttl, one.rdtype, one.wire) for one in records}
    servers = {("example.com.", APEX.ttl, RdataType.NS, server.to_wire()) for server in SERVERS}
    (soa,) = apex - servers
    assert apex >= servers and soa[3].endswith(
        b"".join(number.to_bytes(4) for number in (serial, 3600, 300, 2419200, 300))
    )


@given(any_records)
def test_equal_content_gives_equal_bytes_and_a_correct_trailer(records: list[Record]) -> None:
    file = render(records)
    assert file == render(records) != render(records, 8)
    body, _, trailer = file.removesuffix(b"\n").rpartition(b"\n")
    body += b"\n"
    assert trailer.decode() == f"; records={len(records) + 3} sha256={hashlib.sha256(body).hexdigest()}"
    assert len(body.split(b"\n\n")) == 2
    assert body.count(b"\n") == len(records) + 4
    assert all(0x20 <= octet < 0x7F for line in file.splitlines() for octet in line)
    assert not any(line.startswith((b"$", b" ", b"@")) for line in file.splitlines())


def test_the_file_of_an_empty_zone() -> None:
    soa, first, second, empty, trailer = render([], 2031050400).decode().splitlines()
    assert soa == (
        "example.com. 900 IN SOA ns1.appliance.test. hostmaster.appliance.test. 2031050400 3600 300 2419200 300"
    )
    assert (first, second) == (f"example.com. 900 IN NS {SERVERS[0]}", f"example.com. 900 IN NS {SERVERS[1]}")
    assert not empty
    assert trailer.startswith("; records=3 sha256=")


def test_lines_hold_the_rdata() -> None:
    assert (
        record_line(record("TXT", "@", 'a "b" \\ é; $x')) == 'example.com. 300 IN TXT "a \\"b\\" \\\\ \\195\\169; $x"'
    )
    assert record_line(record("MX", "*.dev", ".")) == "*.dev.example.com. 300 IN MX 0 ."
    assert record_line(record("HTTPS", "www", "1 . alpn=h2")) == 'www.example.com. 300 IN HTTPS 1 . alpn="h2"'
    assert record_line(record("HTTPS", "www", "1 . ohttp")) == "www.example.com. 300 IN HTTPS \\# 7 00010000080000"


@pytest.mark.parametrize("label", [b"a\nb", b"a b;(", b'"', b"\xff", b"$INCLUDE"])
def test_no_owner_breaks_its_line(label: bytes) -> None:
    odd = replace(record("A", "www", "192.0.2.1"), owner=dns.name.Name((label, *ORIGIN.labels)))
    line = record_line(odd)
    assert line.isascii() and line.isprintable() and not line.startswith("$") and line.count(" ") == 4


@pytest.mark.parametrize(("lines", "count"), [("", 1), ("a\n", 0), ("a\n", 2), ("a", 1), ("a\nb", 1), ("a\nb\n", 1)])
def test_a_count_that_differs_from_the_lines_is_refused(lines: str, count: int) -> None:
    with pytest.raises(CompileFailed):
        zone_file(ORIGIN, 1, APEX, lines, count)


def test_the_apex_comes_from_the_settings() -> None:
    servers = tuple(Nameserver(f"ns{n}.appliance.test", Endpoint("127.0.0.1", n)) for n in (1, 2))
    catalog = "catalog.appliance.test"
    settings = DnsSettings(nameservers=servers, catalog=catalog, rname="hostmaster.appliance.test", apex_ttl=900)
    addresses = tuple(OwnAddress(server, RdataType.A, "127.0.0.1") for server in SERVERS)
    assert apex_of(settings) == replace(APEX, addresses=addresses, catalog=dns.name.from_text(catalog))


@pytest.mark.parametrize("rows", VALID_ZONES.values(), ids=VALID_ZONES.keys())
def test_named_checkzone_agrees_with_the_rules(rows: list[tuple[str, str, str]], tmp_path: Path) -> None:
    file = tmp_path / "zone"
    file.write_bytes(render([record(*row) for row in rows]))
    argv = (program("named-checkzone"), "-i", "local", "-k", "ignore", "--", "example.com", str(file))
    checked = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stdout


def has_shown(content: bytes, apex: Apex) -> bool:
    """Return whether the content has what is derived from this apex."""
    return has_derived(content, ORIGIN, apex, own_lines(ORIGIN, apex))


def test_the_apex_of_a_file_is_compared() -> None:
    content = render([record("A", "www", "192.0.2.1")])
    assert has_shown(content, APEX)
    assert not has_shown(content, replace(APEX, servers=SERVERS[:1]))
    assert not has_shown(content, replace(APEX, minimum=APEX.minimum + 1))
    assert not has_shown(content.replace(b" 7 ", b" 8 "), APEX)
    assert not has_shown(b"", APEX)


OWN_ADDRESSES = (
    OwnAddress(dns.name.from_text("ns1.example.com"), RdataType.A, "192.0.2.1"),
    OwnAddress(dns.name.from_text("ns2.dns.example.com"), RdataType.AAAA, "2001:db8::2"),
    OwnAddress(dns.name.from_text("ns3.example.net"), RdataType.A, "192.0.2.3"),
)


def test_a_zone_with_names_of_nameservers_has_their_addresses(tmp_path: Path) -> None:
    apex = replace(APEX, servers=tuple(one.name for one in OWN_ADDRESSES), addresses=OWN_ADDRESSES)
    rows = [record("A", "www", "192.0.2.9"), record("NS", "sub", "ns1.example.com")]
    content = render(rows, apex=apex)
    found = {(owner, rdtype) for owner, _, rdtype, _ in read(content) if rdtype in (RdataType.A, RdataType.AAAA)}
    assert found == {
        ("ns1.example.com.", RdataType.A),
        ("ns2.dns.example.com.", RdataType.AAAA),
        ("www.example.com.", RdataType.A),
    }
    file = tmp_path / "zone"
    file.write_bytes(content)
    argv = (program("named-checkzone"), "-i", "local", "-k", "ignore", "--", "example.com", str(file))
    assert subprocess.run(argv, capture_output=True, timeout=30, check=False).returncode == 0
    changed = replace(apex, addresses=OWN_ADDRESSES[:1])
    assert has_shown(content, apex) and not has_shown(content, changed)


def test_other_zones_do_not_depend_on_the_addresses() -> None:
    with_addresses = replace(APEX, addresses=OWN_ADDRESSES)
    elsewhere = dns.name.from_text("example.org")
    assert zone_file(elsewhere, 1, APEX, "", 0) == zone_file(elsewhere, 1, with_addresses, "", 0)
    digests = {derived_digest(apex, own_lines(elsewhere, apex)) for apex in (APEX, with_addresses)}
    assert digests == {derived_digest(APEX)} != {derived_digest(with_addresses, own_lines(ORIGIN, with_addresses))}


def test_published_addresses_come_from_the_settings() -> None:
    servers = tuple(Nameserver(f"ns{n}.example.com", Endpoint(f"10.0.0.{n}", 53)) for n in (1, 2))
    listed = (ServerAddress("ns1.example.com", "192.0.2.1"), ServerAddress("ns1.example.com", "2001:db8::1"))
    apex = apex_of(DnsSettings(nameservers=servers, addresses=listed))
    assert own_lines(ORIGIN, apex) == [
        "ns1.example.com. 3600 IN A 192.0.2.1",
        "ns1.example.com. 3600 IN AAAA 2001:db8::1",
        "ns2.example.com. 3600 IN A 10.0.0.2",
    ]


def test_the_soa_in_wire_form_is_that_of_the_file() -> None:
    (soa,) = (one for one in read(render([])) if one[2] == RdataType.SOA)
    assert soa[1:] == (APEX.soa.ttl, RdataType.SOA, APEX.soa.rdata(7))


def test_a_signed_zone_has_its_serial_as_content_number(tmp_path: Path) -> None:
    for serial in (1, 2**32 - 1):
        content = read(zone_file(ORIGIN, serial, APEX, "", 0, signed=True))
        number = ("example.com.", 0, RdataType(CONTENT_TYPE), serial.to_bytes(4, "big"))
        assert content - read(zone_file(ORIGIN, serial, APEX, "", 0)) == {number}
    path = tmp_path / "zone"
    path.write_bytes(zone_file(ORIGIN, 7, APEX, "www.example.com. 300 IN A 192.0.2.1\n", 1, signed=True))
    checked = subprocess.run(
        (program("named-checkzone"), "example.com", str(path)), capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_a_file_with_a_content_number_is_not_that_of_an_unsigned_zone() -> None:
    plain, signed = (zone_file(ORIGIN, 7, APEX, "", 0, signed=one) for one in (False, True))
    assert derived_digest(APEX, signed=True) != derived_digest(APEX)
    assert has_derived(signed, ORIGIN, APEX, signed=True) and has_derived(plain, ORIGIN, APEX)
    assert not has_derived(plain, ORIGIN, APEX, signed=True) and not has_derived(signed, ORIGIN, APEX)
    assert is_complete(signed) and serial_of(signed) == 7
