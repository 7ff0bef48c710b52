from __future__ import annotations

from contextlib import suppress

import dns.name
import dns.rdata
import pytest
from dns.rdatatype import RdataType

from appliance.errors import InputError
from appliance.zones.generate import MAX_GENERATED
from appliance.zones.names import parse_owner
from appliance.zones.rdata import parse_rdata, read_presentation
from appliance.zones.zone_file_content import FileRecord, ZoneFile
from appliance.zones.zone_file_reader import SIGNER_TYPES, decode_zone_file, read_zone_file

ORIGIN = dns.name.from_text("example.com")
SOA = "@ SOA ns.example.net. hostmaster.example.net. 2031050401 3600 900 2419200 86400\n"


def read(text: str) -> ZoneFile:
    return read_zone_file(text, ORIGIN)


def rows(text: str) -> list[tuple[str, str, str]]:
    """Return owner, type and value of each record; nothing may be refused."""
    found = read(text)
    assert not found.refused
    return [(one.name, one.record_type, one.value) for one in found.records]


def test_records_have_what_a_request_has() -> None:
    assert read("$TTL 1h\n@ MX 10 mail\nwww 60 IN A 192.0.2.1\n").records == [
        FileRecord(2, "MX", "example.com.", "mail.example.com.", 3600, 10),
        FileRecord(3, "A", "www.example.com.", "192.0.2.1", 60, None),
    ]


def test_owners() -> None:
    text = "@ A 192.0.2.1\n\tTXT a\nWWW A 192.0.2.2\n$ORIGIN dev\nwww TXT b\nx.example.com. TXT c\n A 192.0.2.5"
    assert [name for name, _, _ in rows(text)] == [
        "example.com.", "example.com.", "www.example.com.", "www.dev.example.com.", "x.example.com.", "x.example.com.",
    ]  # fmt: skip
    assert rows(r"a\ b\.c._tcp TXT x")[0][0] == r"a\032b\046c._tcp.example.com."
    assert rows("bücher A 192.0.2.1")[0][0] == "xn--bcher-kva.example.com."


@pytest.mark.parametrize(
    ("fields", "ttl"),
    [
        ("60 IN A", 60),
        ("IN 60 A", 60),
        ("60 A", 60),
        ("1h30m in a", 5400),
        ("class1 1w TYPE1", 604800),
        ("A", None),
        ("2147483647 A", 2147483647),
    ],
)
def test_ttl_and_class_in_either_order(fields: str, ttl: int | None) -> None:
    assert read(f"www {fields} 192.0.2.1").records == [FileRecord(1, "A", "www.example.com.", "192.0.2.1", ttl, None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 60 A 192.0.2.1\nb A 192.0.2.1", [60, 60]),  # RFC 1035: the last explicit TTL
        ("$TTL 30\na 60 A 192.0.2.1\nb A 192.0.2.1", [60, 30]),  # RFC 2308: that of $TTL
        (SOA + "a A 192.0.2.1\nb 60 A 192.0.2.1\nc A 192.0.2.1", [86400, 60, 86400]),  # BIND: the SOA's minimum
        ("a 60 A 192.0.2.1\na 90 A 192.0.2.2\na 90 TXT x", [60, 60, 90]),  # BIND: one TTL for an RRset
    ],
)
def test_which_ttl_a_record_has(text: str, expected: list[int]) -> None:
    assert [one.ttl for one in read(text).records] == expected


def test_texts_keep_their_strings() -> None:
    assert rows(r'a TXT one "two \"2\"" th\;r"4""5" ; six')[0][2] == r'"one" "two \"2\"" "th\;r" "4" "5"'
    assert rows('a TXT "\tü" "\\\t\\\\ü"')[0][2] == r'"\009\195\188" "\009\\\195\188"'
    assert rows(f'a TXT "{"x" * 300}"')[0][2] == f'"{"x" * 300}"'
    assert rows(r"a TXT \# 3 02 6869")[0][2] == '"hi"'


def test_generic_forms_and_relative_names() -> None:
    assert rows(r"a TYPE1 \# 4 c0000201") == [("a.example.com.", "A", "192.0.2.1")]
    assert rows("a SRV 1 2 3 b")[0][2] == "2 3 b.example.com"
    assert rows("a CNAME @\nb NS .\nc MX 0 .\nd MX 5 ( @ )")[3][2] == "example.com."


def test_names_are_read_in_lower_case() -> None:
    text = 'A SRV 1 2 3 Host.NET.\nB HTTPS 1 Host.NET. alpn=H2\nC NAPTR 1 2 "U" "E2U" "" Host.NET.\nD MX 1 Host'
    assert rows(text) == [
        ("a.example.com.", "SRV", "2 3 host.net"),
        ("b.example.com.", "HTTPS", '1 host.net alpn="H2"'),
        ("c.example.com.", "NAPTR", '1 2 "U" "E2U" "" host.net'),
        ("d.example.com.", "MX", "host.example.com."),
    ]


def test_serial_and_default_ttl() -> None:
    found = read(f"$TTL 300\n{SOA}$TTL 600\n{SOA}")
    assert (found.serial, found.default_ttl, found.records) == (2031050401, 300, [])
    assert [(one.line, one.record_type, one.count) for one in found.passed_over] == [(2, "SOA", 2)]
    assert (read("a A 192.0.2.1").serial, read("a A 192.0.2.1").default_ttl) == (None, None)


def test_what_a_signer_writes_is_passed_over() -> None:
    lines = [f"{owner} 60 IN {one} whatever it is" for one in sorted(SIGNER_TYPES) for owner in ("@", "www")]
    found = read("\n".join(lines))
    assert not found.records
    assert not found.refused
    assert [(one.record_type, one.count, one.name) for one in found.passed_over] == [
        (one, 2, ORIGIN) for one in sorted(SIGNER_TYPES)
    ]


def test_what_the_appliance_derives_is_passed_over() -> None:
    server = read_presentation(RdataType.NS, "ns1.appliance.test.").to_digestable()
    address = read_presentation(RdataType.A, "192.0.2.53").to_digestable()
    child = dns.name.from_text("child", ORIGIN)
    derived = {(ORIGIN, RdataType.NS, server), (child, RdataType.NS, server), (child, RdataType.A, address)}
    text = "@ NS NS1.appliance.test.\n NS other.example.\nchild NS ns1.appliance.test.\nchild A 192.0.2.53\n"
    text += "x NS ns1.appliance.test."
    found = read_zone_file(text, ORIGIN, derived)
    assert [(one.name, one.value) for one in found.records] == [
        ("example.com.", "other.example."),
        ("x.example.com.", "ns1.appliance.test."),
    ]
    assert [(one.line, one.record_type) for one in found.passed_over] == [(1, "NS"), (3, "NS"), (4, "A")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("www HINFO a b", "the record type 'HINFO' is not supported"),
        ("www NONSENSE a b", "'NONSENSE' is not a record type"),
        ("www 300 192.0.2.1", "'192.0.2.1' is not a record type"),
        ("www 300 IN", "no record type"),
        ("www", "no record type"),
        ("www CH A 192.0.2.1", "class"),
        ("www 4294967296 A 192.0.2.1", "TTL"),
        ("www SRV 1 2 x", "not valid SRV data"),
        ("www CNAME a b", "not valid CNAME data"),
        ("www MX mail", "not valid MX data"),
        ("www TLSA 3 1 1 (abc)", "not valid TLSA data"),
        (r"www A \# 5 c000020101", "not valid A data"),
        (f"{'a' * 64} A 192.0.2.1", "not a valid name"),
        (f"{'é' * 2000} A 192.0.2.1", "a name may have"),
        (f"www SRV 1 2 3 {'é' * 2000}", "other characters than ASCII"),
        (f"www {'1' * 5000} A 192.0.2.1", "is not a record type"),
        ("@ SOA ns.example.net.", "not valid SOA data"),
        ("www..x A 192.0.2.1", "not a valid name"),
        (" A 192.0.2.1", "starts with a space or tab"),
        ("a..b A 192.0.2.1\n  A 192.0.2.2", "not a valid name"),
    ],
)
def test_what_is_no_record_is_refused_with_its_line(line: str, reason: str) -> None:
    found = read(f"; a comment\n{line}\nlast A 192.0.2.9")
    assert [one.name for one in found.records] == ["last.example.com."]
    assert found.refused[0].line == 2
    assert reason in found.refused[0].detail


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$INCLUDE other.zone", "insert that file's text"),
        ("$include other.zone", "insert that file's text"),
        ("$TTL", "words"),
        ("$TTL soon", "not a TTL"),
        ("$ORIGIN a b", "words"),
        ("$DATE 20310504", "not a directive"),
        ("$GENERATE 1-2 a$ A", "data"),
        ("$GENERATE 1-2 a$ MX 10 mail", "quotes"),
        ("$GENERATE 2-1 a$ A 192.0.2.$", "range"),
        ("www SOA a. b. 1 2 3 4 5", "a file of the zone www.example.com, not of example.com"),
    ],
)
def test_what_makes_the_file_unreadable_names_its_line(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        read(f"a A 192.0.2.1\n(\n)\n{text}\nb A 192.0.2.1")
    assert refused.value.field == "line.4"


def test_generated_records_have_the_line_of_the_directive() -> None:
    found = read('$TTL 60\n$GENERATE 1-2 a$ IN CNAME b$\n$GENERATE 1-2 c 30 TXT "( x$ y )"')
    assert [(one.line, one.name, one.value, one.ttl) for one in found.records] == [
        (2, "a1.example.com.", "b1.example.com.", 60),
        (2, "a2.example.com.", "b2.example.com.", 60),
        (3, "c.example.com.", '"x1" "y"', 30),
        (3, "c.example.com.", '"x2" "y"', 30),
    ]


def test_the_number_of_records_is_limited() -> None:
    text = "a A 192.0.2.1\nb NONSENSE\n@ NS ns.example.net.\n"
    assert len(read_zone_file(text, ORIGIN, limit=3).records) == 2
    with pytest.raises(InputError, match="more than 2 records") as refused:
        read_zone_file(text, ORIGIN, limit=2)
    assert refused.value.field == "line.3"
    endless = f"$GENERATE 1-{MAX_GENERATED} a$ A 192.0.2.1\n"
    with pytest.raises(InputError, match="more than 100 records"):
        read_zone_file(endless * 1000, ORIGIN, limit=100)


@pytest.mark.parametrize(
    ("directive", "line"), [("1-33000 a$ A 192.0.2.1", 2), ('1-3000 a$ NONSENSE "%s"' % ("x" * 9000), 2)]
)
def test_what_a_file_generates_is_limited(directive: str, line: int) -> None:
    with pytest.raises(InputError, match="may create at most 65536 records") as refused:
        read(f"$GENERATE {directive}\n" * 2)
    assert refused.value.field == f"line.{line}"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\xef\xbb\xbfa TXT b\r\nc\rd\n", "a TXT b\nc\nd\n"),
        ("a TXT ü".encode(), "a TXT ü"),
        (b"a TXT \xfc\xff", r"a TXT \252\255"),
        (b"a\x00b", "a\x00b"),
    ],
)
def test_decoding(octets: bytes, text: str) -> None:
    assert decode_zone_file(octets) == text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "part", ["(", "()", "a ", "\n", " ;\n", "\\a", '""', "a\n", "$TTL 1\n", '" "\n', "@ TXT a\n", "é "]
)
def test_hostile_files_are_read_in_linear_time(part: str) -> None:
    with suppress(InputError):
        read_zone_file(part * (1_000_000 // len(part)), ORIGIN, limit=1000)


def test_names_are_printed_as_requests_have_them() -> None:
    origin = dns.name.from_text("example.com.")
    text = r"""a\033b._tcp PTR x\033y._tcp
n NAPTR 1 1 "" "" "" x\033y._tcp
h HTTPS 1 x\033y._tcp
"""
    for one in read_zone_file(text, origin).records:
        parse_owner(one.name, origin)
        parsed = parse_rdata(one.record_type, one.value, one.priority, origin)
        assert r"x\033y._tcp.example.com" in parsed.value
