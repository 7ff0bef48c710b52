"""Records stored by the API are answered by both nameservers, octet for octet."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import dns.name
import dns.rdata
import pytest
from dns.rdatatype import RdataType

from tests.appliance import Appliance, Client
from tests.corpus.reading import FILES, compiled_rows, origin_of

CERTIFICATE = "ab" * 32

# record type, name, value as a client sends it, priority, and the presentation form for dnspython
EVERY_TYPE = [
    ("A", "a", "192.0.2.1", None, "192.0.2.1"),
    ("AAAA", "aaaa", "2001:0db8::1", None, "2001:db8::1"),
    ("CNAME", "cname", "target.example.net", None, "target.example.net."),
    ("MX", "@", "mail.example.net", 10, "10 mail.example.net."),
    ("TXT", "txt", "v=spf1 include:_spf.example.net ~all", None, '"v=spf1 include:_spf.example.net ~all"'),
    ("NS", "ns", "ns1.example.net", None, "ns1.example.net."),
    ("SRV", "_sip._tcp", "10 5060 sip.example.net", 5, "5 10 5060 sip.example.net."),
    ("CAA", "caa", '0 issue "ca.example.net"', None, '0 issue "ca.example.net"'),
    ("PTR", "ptr", "host.example.net", None, "host.example.net."),
    ("TLSA", "_443._tcp.tlsa", f"3 1 1 {CERTIFICATE}", None, f"3 1 1 {CERTIFICATE}"),
    ("SSHFP", "sshfp", f"4 2 {CERTIFICATE}", None, f"4 2 {CERTIFICATE}"),
    ("DS", "ns", f"12345 13 2 {CERTIFICATE}", None, f"12345 13 2 {CERTIFICATE}"),
    (
        "NAPTR",
        "naptr",
        '100 10 "U" "E2U+sip" "!^.*$!sip:help@example.net!" .',
        None,
        '100 10 "U" "E2U+sip" "!^.*$!sip:help@example.net!" .',
    ),
    ("SVCB", "_dns.svcb", '1 svc.example.net alpn="h2,h3" port=443', None, '1 svc.example.net. alpn="h2,h3" port=443'),
    ("HTTPS", "@", "1 . alpn=h2 ipv4hint=192.0.2.1", None, "1 . alpn=h2 ipv4hint=192.0.2.1"),
    ("LOC", "loc", "52 22 23 N 4 53 32 E -2m 0m 10000m 10m", None, "52 22 23.000 N 4 53 32.000 E -2m 0m 10000m 10m"),
    ("URI", "_http._tcp.uri", '10 1 "https://example.net/a b"', None, '10 1 "https://example.net/a b"'),
    ("SMIMEA", "smimea", f"3 1 1 {CERTIFICATE}", None, f"3 1 1 {CERTIFICATE}"),
    ("OPENPGPKEY", "openpgpkey", "mQINBFit2ioBEADhbGdsb2dh", None, "mQINBFit2ioBEADhbGdsb2dh"),
    (
        "DHCID",
        "dhcid",
        "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
        None,
        "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
    ),
]


def wire(record_type: str, presentation: str) -> bytes:
    """Return the wire form of record data, by dnspython; host names are absolute, with or without the final dot."""
    return dns.rdata.from_text("IN", record_type, presentation, origin=dns.name.root, relativize=False).to_wire() or b""


def test_every_type_is_served_octet_for_octet(appliance: Appliance, api: Client) -> None:
    zone = api.zone("every-type.example")
    for record_type, name, value, priority, _ in EVERY_TYPE:
        api.record(zone, record_type, name, value, **({"priority": priority} if priority is not None else {}))
    api.wait_until_live(zone)
    for record_type, name, _, _, presentation in EVERY_TYPE:
        if record_type == "NS":  # a delegation: it is answered in the authority section
            continue
        owner = "every-type.example" if name == "@" else f"{name}.every-type.example"
        appliance.wait_until_answered(owner, record_type, [wire(record_type, presentation)])
    for server in (1, 2):
        referral = appliance.ask("below.ns.every-type.example", "A", server).authority[0]
        assert {rdata.to_wire() for rdata in referral} == {wire("NS", "ns1.example.net.")}


@pytest.mark.parametrize(
    ("name", "value", "strings"),
    [
        ("long", "x" * 600, [b"x" * 255, b"x" * 255, b"x" * 90]),
        ("words", 'say "hi"; \\ done', [b'say "hi"; \\ done']),
        ("letters", "héllo 你好", ["héllo 你好".encode()]),
        ("quoted", '"one" "two\\255"', [b"one", b"two\xff"]),
        ("directive", "$INCLUDE /etc/passwd", [b"$INCLUDE /etc/passwd"]),
    ],
)
def test_text_is_served_as_it_was_written(
    appliance: Appliance, api: Client, name: str, value: str, strings: list[bytes]
) -> None:
    zone = api.zone(f"{name}.texts.example")
    record = api.record(zone, "TXT", "@", value)
    assert record["value"] == value
    octets = b"".join(bytes([len(string)]) + string for string in strings)
    appliance.wait_until_answered(zone["domain"], "TXT", [octets])


def test_the_apex_ns_records_include_those_of_the_user(appliance: Appliance, api: Client) -> None:
    zone = api.zone("apex.example")
    api.record(zone, "NS", "@", "ns.partner.example.net")
    names = ["ns1.appliance.test.", "ns2.appliance.test.", "ns.partner.example.net."]
    appliance.wait_until_answered("apex.example", "NS", [wire("NS", name) for name in names])


def test_an_rrset_has_one_ttl(appliance: Appliance, api: Client) -> None:
    zone = api.zone("ttl.example")
    api.record(zone, "A", "www", "192.0.2.1", ttl=60)
    api.record(zone, "A", "www", "192.0.2.2", ttl=2147483647)
    api.wait_until_live(zone)
    for server in (1, 2):
        assert appliance.answer("www.ttl.example", "A", server) == (
            2147483647,
            frozenset({b"\xc0\0\2\1", b"\xc0\0\2\2"}),
        )


def test_a_reverse_zone_with_slashes(appliance: Appliance, api: Client) -> None:
    zone = api.zone("0/25.2.0.192.in-addr.arpa")
    api.record(zone, "PTR", "1", "host.example.net")
    appliance.wait_until_answered("1.0/25.2.0.192.in-addr.arpa", "PTR", [wire("PTR", "host.example.net.")])


def test_an_imported_file_is_served_as_bind_reads_it(appliance: Appliance, api: Client, tmp_path: Path) -> None:
    """The file has defaults, brackets, comments, omitted owners, relative names and `$GENERATE`."""
    (file,) = (one for one in FILES if one.stem == "web")
    origin = origin_of(file).to_text(omit_final_dot=True)
    api.zone(origin)
    path = f"/dns-zones/{origin}/zonefile/"
    diff = api.expect(200, "PUT", path, file.read_text(), Prefer="wait=60")
    expected: dict[tuple[bytes, int], list[bytes]] = defaultdict(list)
    for owner, rdtype, _, data in compiled_rows(file, tmp_path):
        if rdtype != RdataType.NS:  # those of the appliance are beside them
            expected[owner, rdtype].append(data)
    assert len(diff["added"]) == sum(map(len, expected.values())) + 2
    for (owner, rdtype), wires in expected.items():
        name = dns.name.from_wire(owner, 0)[0].to_text(omit_final_dot=True)
        appliance.wait_until_answered(name, RdataType(rdtype).name, wires)
    again = api.expect(200, "PUT", path, api("GET", path).text)
    assert not again["added"] and not again["changed"] and not again["removed"] and again["serial"] == diff["serial"]
