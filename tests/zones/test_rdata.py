"""Record data: what each type accepts, prints and refuses, and that BIND loads whatever is accepted."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import dns.name
import dns.rdata
import pytest
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.errors import InputError, InvalidValue, UnsupportedType
from appliance.zones.rdata import (
    TYPES,
    ParsedRdata,
    has_priority,
    parse_rdata,
    parse_type,
    parse_wire,
    print_line,
    target_of,
)
from tests.pair import program

ORIGIN = dns.name.from_text("example.com.")
KEY = "mQENBFVHm5sBCACz"
SHA1, SHA256, SHA384, SHA512 = "ab" * 20, "ab" * 32, "ab" * 48, "ab" * 64
ECH = "AEX+DQBBZwAgACBI3nFExrdbGpK7IZKPVMLy3L0Yk5/eGLRqk1bWr3wgJAAEAAEAAQASY2xvdWRmbGFyZS1lY2guY29tAAA="

ACCEPTED: list[tuple[str, str, str]] = [
    ("A", "192.0.2.1", "192.0.2.1"),
    ("A", "0.0.0.0", "0.0.0.0"),
    ("AAAA", "2001:0DB8::0001", "2001:db8::1"),
    ("AAAA", "::", "::"),
    ("AAAA", "::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ("CNAME", "target.example.org.", "target.example.org"),
    ("CNAME", "@", "example.com"),
    ("CNAME", "_a._b.Bücher.de", "_a._b.xn--bcher-kva.de"),
    ("CNAME", "1.0/25.2.0.192.in-addr.arpa", "1.0/25.2.0.192.in-addr.arpa"),
    ("MX", "mail.example.com", "mail.example.com"),
    ("MX", ".", "."),
    ("NS", "ns1.example.org.", "ns1.example.org"),
    ("PTR", "host.example.org", "host.example.org"),
    ("SRV", "10 5060 sip.example.com.", "10 5060 sip.example.com"),
    ("SRV", "0 0 .", "0 0 ."),
    ("SRV", "65535 65535 @", "65535 65535 example.com"),
    ("TXT", "v=spf1 include:_spf.google.com ~all", "v=spf1 include:_spf.google.com ~all"),
    ("TXT", "v=DKIM1; k=rsa; p=AAAA", "v=DKIM1; k=rsa; p=AAAA"),
    ("TXT", 'say "hi" \\', 'say "hi" \\'),
    ("TXT", "  two  blanks  ", "  two  blanks  "),
    ("TXT", "$INCLUDE /etc/passwd", "$INCLUDE /etc/passwd"),
    ("TXT", "héllo 你好 “v=spf1”", "héllo 你好 “v=spf1”"),
    ("TXT", '"part one" "part two"', '"part one" "part two"'),
    ("TXT", '""', '""'),
    ("TXT", '"a\\"b\\\\c\\100\\000\\255;é"', '"a\\"b\\\\cd\\000\\255;\\195\\169"'),
    ("TXT", "a" * 4096, "a" * 4096),
    ("TXT", '"k=rsa\\; p=\\x\\é\\ one"', '"k=rsa; p=x\\195\\169 one"'),
    ("TXT", f'"{"a" * 402}" "b"', f'"{"a" * 255}" "{"a" * 147}" "b"'),
    ("TXT", "(a)", "(a)"),
    ("TXT", '(see "a")', '(see "a")'),
    ("CAA", '0 issue "letsencrypt.org"', '0 issue "letsencrypt.org"'),
    ("CAA", "0 issue letsencrypt.org", '0 issue "letsencrypt.org"'),
    ("CAA", '128 issuewild ";"', '128 issuewild ";"'),
    ("CAA", '255 iodef "mailto:a@example.com"', '255 iodef "mailto:a@example.com"'),
    ("CAA", '0 issue ""', '0 issue ""'),
    ("CAA", f'0 issue "{"x" * 300}"', f'0 issue "{"x" * 300}"'),
    ("CAA", f"0 issue {'x' * 256}", f'0 issue "{"x" * 256}"'),
    ("CAA", '0 issue "a\\; b\\059\\x"', '0 issue "a; b;x"'),
    ("TLSA", f"3 1 1 {SHA256.upper()}", f"3 1 1 {SHA256}"),
    ("TLSA", f"3 1 2 {SHA512[:64]} {SHA512[64:]}", f"3 1 2 {SHA512}"),
    ("TLSA", f"3 0 0 {'00' * 100}", f"3 0 0 {'00' * 64} {'00' * 36}"),
    ("SMIMEA", f"3 1 1 {SHA256}", f"3 1 1 {SHA256}"),
    ("SSHFP", f"4 2 {SHA256}", f"4 2 {SHA256}"),
    ("SSHFP", f"1 1 {SHA1}", f"1 1 {SHA1}"),
    ("DS", f"60485 5 1 {SHA1}", f"60485 5 1 {SHA1}"),
    ("DS", f"60485 RSASHA256 2 {SHA256}", f"60485 8 2 {SHA256}"),
    ("DS", f"1 13 4 {SHA384}", f"1 13 4 {SHA384}"),
    ("NAPTR", '100 10 "" "" "" example.net.', '100 10 "" "" "" example.net'),
    ("NAPTR", '100 10 "u" "E2U+sip" "!^.*$!sip:a@b.com!" .', '100 10 "u" "E2U+sip" "!^.*$!sip:a@b.com!" .'),
    ("NAPTR", '1 1 u E2U+pstn:tel "" @', '1 1 "u" "E2U+pstn:tel" "" example.com'),
    ("NAPTR", r'1 1 "u" "x" "!^\\+44(.*)$!sip:\\1@a.b!i" .', r'1 1 "u" "x" "!^\\+44(.*)$!sip:\\1@a.b!i" .'),
    (
        "NAPTR",
        r'100 10 "u" "E2U+sip" "!^cid:.+@([^\\.]+\\.)(.*)$!\\2!i" .',
        r'100 10 "u" "E2U+sip" "!^cid:.+@([^\\.]+\\.)(.*)$!\\2!i" .',
    ),
    ("URI", '10 1 "ftp://ftp1.example.com/public"', '10 1 "ftp://ftp1.example.com/public"'),
    ("URI", '10 1 "\\x\\.\\059"', '10 1 "x.;"'),
    ("URI", '10 1 "é \\" \\255"', '10 1 "\\195\\169 \\" \\255"'),
    ("LOC", "42 21 54 N 71 06 18 W -24m 30m", "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m"),
    ("LOC", "51 N 0 W 0m", "51 0 0.000 N 0 0 0.000 E 0.00m"),
    ("LOC", "1 1 1.1 S 1 1 1.01 W 8465.72m", "1 1 1.100 S 1 1 1.010 W 8465.72m"),
    ("LOC", "90 N 180 E -9413.47", "90 0 0.000 N 180 0 0.000 E -9413.47m"),
    ("LOC", "90 S 180 W -100000m", "90 0 0.000 S 180 0 0.000 W -100000.00m"),
    ("DHCID", f"{KEY} AAEC", f"{KEY}AAEC"),
    ("OPENPGPKEY", KEY, KEY),
    ("OPENPGPKEY", f"{KEY[:8]} {KEY[8:]}", KEY),
    ("SVCB", "0 example.net.", "0 example.net"),
    ("SVCB", "0 .", "0 ."),
    ("SVCB", "16 foo.example.org port=53", '16 foo.example.org port="53"'),
    ("HTTPS", "1 . alpn=h3,h2", '1 . alpn="h3,h2"'),
    ("HTTPS", "0 www.example.net", "0 www.example.net"),
]
SERVICE_KEYS = [
    ("mandatory=port,alpn alpn=h2 port=8443", 'mandatory="alpn,port" alpn="h2" port="8443"'),
    ("alpn=h2 no-default-alpn", 'alpn="h2" no-default-alpn'),
    (r'alpn="f\\\\oo\\,bar,h2"', r'alpn="f\\\\oo\\,bar,h2"'),
    ("ipv4hint=192.0.2.1,192.0.2.2", 'ipv4hint="192.0.2.1,192.0.2.2"'),
    ("ipv6hint=2001:DB8::1", 'ipv6hint="2001:db8::1"'),
    (f"ech={ECH}", f'ech="{ECH}"'),
    ("dohpath=/dns-query{?dns}", 'dohpath="/dns-query{?dns}"'),
    ("ohttp", "ohttp"),
    ("key8 mandatory=ohttp", 'mandatory="ohttp" ohttp'),
    ("docpath=a,b", 'docpath="a,b"'),
    ("docpath", "docpath"),
    ("key1=\\002h2", 'alpn="h2"'),
    ("key667=hello", 'key667="hello"'),
    ('key667="hello\\210qoo"', 'key667="hello\\210qoo"'),
    ("key667", "key667"),
]
ACCEPTED += [
    (record_type, f"1 foo.example.com {given}", f"1 foo.example.com {canonical}")
    for record_type in ("SVCB", "HTTPS")
    for given, canonical in SERVICE_KEYS
]

REFUSED: dict[str, list[str]] = {
    "A": [
        *(
            "",
            "192.0.2.1 ; note",
            "( 192.0.2.1 )",
            "192.0.2.1 foo",
            " 192.0.2.1",
            "192.0.2.1 ",
            "\\# 4 c0000201",
            "1.2.3",
        ),
        *("010.0.0.1", "0x7f.0.0.1", "3221225985", "192.0.2.256", "192.0.2.1\u00a0", "192.0.2.1/32", "www.example.com"),
        *("::1", "192.0.2.1\nevil 60 IN A 203.0.113.9", "192.0.2.1\n$INCLUDE /etc/passwd", "192.0.2.1\x00", "١.١.١.١"),
    ],
    "AAAA": [
        "fe80::1%eth0",
        "2001:db8::1/64",
        "[2001:db8::1]",
        "1::2::3",
        "192.0.2.1",
        "2001:db8:::1",
        "",
        "\\# 16 00",
    ],
    "CNAME": [
        "192.0.2.1",
        "target",
        "a..b.org",
        "a b.org",
        "a;b.org",
        ".",
        "*.example.org",
        "$url.org",
        "",
        "a.org b.org",
    ],
    "NS": ["192.0.2.1", ".", "_a.example.org", "ns1", "\\# 3 016100"],
    "PTR": ["192.0.2.1", ".", "host", ""],
    "MX": ["10 mail.example.com", "192.0.2.1", "mail", "_mail.example.org", ""],
    "SRV": [
        *(
            "5 10 5060 sip.example.com",
            "10 70000 sip.example.com",
            "10 sip.example.com",
            "-1 5060 sip.example.com",
            "10  5060 a.b",
        ),
        *(
            "10 5060 192.0.2.1",
            "10 5060 _sip.example.com",
            "010 5060 a.b",
            "1e1 5060 a.b",
            "10 5060 a.b ; x",
            "+1 5060 a.b",
            "",
            ".",
        ),
    ],
    "TXT": [
        '"" ' * 256 + '""',
        *(
            "",
            '"abc',
            '"a\\999b"',
            '"a\\256b"',
            '"a\\12"',
            '"a\\',
            '"a\\1x2"',
            '"\\٣٣٣"',
            '( "v=DKIM1; k=rsa; " "p=AAAA" )',
            '("a")',
            '"abc" def',
            '"abc"def',
            '"a""b"',
            '"a"  "b"',
            '"a" ',
        ),
        *(
            '"a" ; c',
            'x" \n@ IN NS ns.attacker.test. ; "',
            "a\nb",
            "a\x00b",
            "\ud800",
            f'"{"a" * 4097}"',
            '"" ' * 255 + f'"{"a" * 256}"',
            "a" * 4097,
            "é" * 2049,
        ),
    ],
    "CAA": [
        *(
            "0 issue ;",
            '256 issue "x"',
            '0 is-sue "x"',
            "0 issue",
            '0 issue "x" y',
            '0 issue "x" "y"',
            '00 issue "x"',
            '0 ISSUE "x"',
        ),
        *(
            '0 tttttttttttttttt "x"',
            "0 issue “x”",
            '0 issue "é"',
            '0 issue "a\\010"',
            '0  issue "x"',
            "",
        ),
    ],
    "TLSA": [
        "3 1 1",
        "3 1 1 ab",
        f"3 1 1 {SHA256}00",
        "3 1 1 xx",
        f"256 1 1 {SHA256}",
        f"3 1 1 ({SHA256})",
        f'3 1 1 "{SHA256}"',
    ],
    "SMIMEA": ["3 1 1", "3 1 1 ab", "3 1", "\\# 4 03010100"],
    "SSHFP": ["1 1", "1 1 abcd", "4 2 xx", f"4 2 {SHA256} ; note"],
    "DS": ["1 8 2", "1 8 2 ab", f"65536 8 2 {SHA256}", f"1 NOSUCH 2 {SHA256}", f"1 8 SHA256 {SHA256}", "0 0 0 00"],
    "NAPTR": [
        '1 1 "u" "x" "!a!b!"\\ .',
        '0 0 "s" "" "/(x\\000|y)/z/" .',
        *('100 10 "u" "x" "foo" .', '100 10 "u" "x" "!(a!b!" .', r'1 1 "u" "x" "!a!\\1!" .', '1 1 "u" "x" "!a!b!x" .'),
        *('1 1 "u" "x" "1a1b1" .', '1 1 "u" "x" "!a**!b!" .', '1 1 "u" "x" "![z-a]!b!" .', '1 1 "u" "x" "!!b!" .'),
        *('1 1 "u" "x" "!a||b!c!" .', '1 1 "u" "x" "!a!b!c!" .', r'1 1 "u" "x" "!a!b\\0!" .', '1 1 "u" "x" "![a!b!" .'),
        *('1 1 "u" "x" ""', '1 1 "u" "x" "" host', '1 1 "u" "x" "" 192.0.2.1', '1 1 "u "x" "" .', "", "."),
    ],
    "URI": ['10 1 ""', "10 1", '10 1 "a', '65536 1 "a"', '10 1 "a" "b"', '10  1 "a"'],
    "LOC": [
        "91 N 0 E 0m",
        "90 0 0.001 N 0 E 0m",
        "0 N 181 E 0m",
        "0 N 0 E -100000.01m",
        "0 N 0 E nanm",
        "0 N 0 E infm",
        "",
        "0 N 0 E",
    ],
    "OPENPGPKEY": ["A", "==", "!!!!", '""', "AAAA ; x", ""],
    "DHCID": ["A", "==", "!!!!", '""', "AAAA ; x", "", "\\# 3 000201"],
    "SVCB": [
        *(
            "0 example.net alpn=h2",
            "1 . no-default-alpn",
            "1 . mandatory=alpn",
            "1 . alpn",
            '1 . alpn=""',
            "1 . port=70000",
            "1 . port=x",
        ),
        *(
            "1 . alpn=h2 alpn=h3",
            "1 . key0=a",
            "1 . key8=x",
            "1 . key01=x",
            "1 . nosuch=x",
            "1 . ipv4hint=::1",
            "1 . ech=AAAA",
            "1",
        ),
        *(
            "1 . dohpath=/q",
            "1 . dohpath=q{?dns}",
            "1 . dohpath=/{?dns}%zz",
            "1 . dohpath",
            '1 . dohpath="/\\255{?dns}"',
            "1 .  port=1",
        ),
        *("1 . port=53 ; x", "1 _dns", "1 host port=53", "\\# 3 000100"),
    ],
    "HTTPS": ["0 . alpn=h2", "1 192.0.2.1", "1 . ipv6hint=192.0.2.1", "1 . mandatory=mandatory", "1 . alpn=h2 (", ""],
}


def priority_of(record_type: str) -> int | None:
    return 0 if has_priority(parse_type(record_type)) else None


def try_parse(record_type: str, value: str) -> ParsedRdata | InputError:
    """Return the rdata, or the error."""
    try:
        return parse_rdata(record_type, value, priority_of(record_type), ORIGIN)
    except InputError as refused:
        return refused


@pytest.mark.parametrize(("record_type", "value", "canonical"), ACCEPTED, ids=lambda text: text[:40])
def test_values_become_canonical(record_type: str, value: str, canonical: str) -> None:
    priority = priority_of(record_type)
    parsed = parse_rdata(record_type, value, priority, ORIGIN)
    assert (parsed.value, parsed.priority) == (canonical, priority)
    again = parse_rdata(record_type, canonical, priority, ORIGIN)
    assert again == parsed and again.rdata.to_wire() == parsed.rdata.to_wire()


@pytest.mark.parametrize(
    ("record_type", "value"),
    [(record_type, value) for record_type, values in REFUSED.items() for value in values],
    ids=lambda text: repr(text)[:40],
)
def test_other_values_are_refused(record_type: str, value: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_rdata(record_type, value, priority_of(record_type), ORIGIN)
    assert refused.value.field == "value"


def base64_of(octets: int) -> str:
    return base64.b64encode(b"\xff" * octets).decode()


LONGEST = [
    ("TXT", '"' + r"\000" * 4096 + '"', 4096 + 17),
    ("TXT", "é" * 2048, 4096 + 17),
    ("CAA", '0 issue "' + r"\"" * 59_993 + '"', 60_000),
    ("TLSA", "0 0 0 " + "ab" * 59_997, 60_000),
    ("SMIMEA", "0 0 0 " + "ab" * 59_997, 60_000),
    ("SSHFP", "9 9 " + "ab" * 59_998, 60_000),
    ("DS", "1 250 250 " + "ab" * 59_996, 60_000),
    ("OPENPGPKEY", base64_of(60_000), 60_000),
    ("DHCID", base64_of(60_000), 60_000),
    ("URI", '1 2 "' + "é" * 19_998 + '"', 40_000),
    ("SVCB", "1 . key667=" + "é" * 19_996 + "x", 40_000),
    ("HTTPS", '1 . key667="' + "é" * 19_996 + 'x"', 40_000),
]


@pytest.mark.parametrize(("record_type", "value", "octets"), LONGEST, ids=lambda one: str(one)[:10])
def test_the_longest_data_is_accepted_and_can_be_sent_back(record_type: str, value: str, octets: int) -> None:
    parsed = parse_rdata(record_type, value, None, ORIGIN)
    assert len(parsed.rdata.to_wire() or b"") == octets
    assert len(json.dumps({"value": parsed.value}, ensure_ascii=False).encode()) < 256 * 1024 - 1000
    again = parse_rdata(record_type, parsed.value, None, ORIGIN)
    assert again == parsed and again.rdata.to_wire() == parsed.rdata.to_wire()


@pytest.mark.parametrize(
    ("record_type", "value"),
    [
        ("TXT", "x" * 4097),
        ("CAA", '0 issue "' + "x" * 59_994 + '"'),
        ("TLSA", "0 0 0 " + "ab" * 59_998),
        ("OPENPGPKEY", base64_of(60_001)),
        ("DHCID", base64_of(60_001)),
        ("URI", '1 2 "' + "x" * 39_997 + '"'),
        ("SVCB", "1 . key667=" + "x" * 70_000),
        ("SVCB", "1 . key667=" + "x" * 39_994),
        ("NAPTR", '1 1 "u" "x" "' + "x" * 256 + '" .'),
        ("A", "1" * 2_501),
    ],
    ids=lambda one: one[:10],
)
def test_longer_data_is_refused(record_type: str, value: str) -> None:
    with pytest.raises(InvalidValue, match=r"; at most|not valid (SVCB|NAPTR)") as refused:
        parse_rdata(record_type, value, None, ORIGIN)
    assert refused.value.field == "value"


@pytest.mark.parametrize("value", ['( "v=DKIM1; k=rsa; "  "p=AAAA" )', '( "v=DKIM1; k=rsa; "\n\t  "p=AAAA" )\n'])
def test_brackets_around_strings_are_refused_with_a_hint(value: str) -> None:
    with pytest.raises(InvalidValue, match="leave out the brackets"):
        parse_rdata("TXT", value, None, ORIGIN)


def test_every_type_is_in_both_tables() -> None:
    names = {rdtype.name for rdtype in TYPES}
    assert len(names) == 20 and names == {row[0] for row in ACCEPTED} == set(REFUSED)


def test_bind_loads_whatever_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "example.com.zone"
    lines = [
        "example.com. 60 IN SOA ns1.example.org. h.example.org. 1 3600 300 2419200 300",
        "example.com. 60 IN NS ns1.example.org.",
    ]
    for number, (record_type, value, _) in enumerate([*ACCEPTED, *LONGEST]):
        rdata = parse_rdata(record_type, value, priority_of(record_type), ORIGIN).rdata
        lines.append(f"h{number}.example.com. 60 IN {record_type} {print_line(rdata)}")
        if record_type == "DS":
            lines.append(f"h{number}.example.com. 60 IN NS ns1.example.org.")
    file.write_text("\n".join(lines) + "\n", "ascii")
    argv = (program("named-checkzone"), "-i", "local", "-k", "ignore", "--", "example.com", str(file))
    checked = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("record_type", ["MX", "SRV"])
def test_priorities_are_required_and_in_range(record_type: str) -> None:
    value = {"MX": "mail.example.com", "SRV": "1 2 sip.example.com"}[record_type]
    for priority in (None, -1, 65536):
        with pytest.raises(InvalidValue) as refused:
            parse_rdata(record_type, value, priority, ORIGIN)
        assert refused.value.field == "priority"
    for priority in (0, 65535):
        assert parse_rdata(record_type, value, priority, ORIGIN).rdata.to_text().startswith(f"{priority} ")


def test_only_mx_and_srv_have_priorities() -> None:
    for rdtype in TYPES:
        if not has_priority(rdtype):
            with pytest.raises(InvalidValue) as refused:
                parse_rdata(rdtype.name, "192.0.2.1", 0, ORIGIN)
            assert refused.value.field == "priority"
    assert [rdtype.name for rdtype in TYPES if has_priority(rdtype)] == ["MX", "SRV"]


def test_a_null_mx_has_priority_0() -> None:
    with pytest.raises(InvalidValue, match="7505"):
        parse_rdata("MX", ".", 10, ORIGIN)


@pytest.mark.parametrize(
    "record_type", ["", "a", "SOA", "DNAME", "TYPE1", "ANY", "A\nx", "A'", "\ud800", "RRSIG", "ALIAS"]
)
def test_other_types_are_refused(record_type: str) -> None:
    with pytest.raises(UnsupportedType) as refused:
        parse_rdata(record_type, "192.0.2.1", None, ORIGIN)
    assert refused.value.field == "record_type"


def test_targets_are_found() -> None:
    host = dns.name.from_text("a.example.org.")
    for record_type, value in [
        ("CNAME", ""),
        ("NS", ""),
        ("PTR", ""),
        ("MX", ""),
        ("SRV", "1 2 "),
        ("SVCB", "1 "),
        ("HTTPS", "1 "),
    ]:
        parsed = parse_rdata(record_type, f"{value}a.example.org", priority_of(record_type), ORIGIN)
        assert target_of(parsed.rdata) == host
    assert target_of(parse_rdata("URI", '1 2 "x"', None, ORIGIN).rdata) is None


def test_long_text_is_split_every_255_octets() -> None:
    rdata = parse_rdata("TXT", "é" * 300, None, ORIGIN).rdata
    strings = rdata.strings  # type: ignore[attr-defined]
    assert [len(string) for string in strings] == [255, 255, 90] and b"".join(strings) == ("é" * 300).encode()


@given(st.lists(st.binary(max_size=255), min_size=1, max_size=10))
@example([bytes(range(128)), bytes(range(128, 256))])
def test_quoted_text_holds_all_octets(strings: list[bytes]) -> None:
    value = " ".join('"' + "".join(f"\\{octet:03}" for octet in string) + '"' for string in strings)
    parsed = parse_rdata("TXT", value, None, ORIGIN)
    assert parsed.rdata.strings == tuple(strings)  # type: ignore[attr-defined]
    assert parse_rdata("TXT", parsed.value, None, ORIGIN) == parsed and parsed.value.isascii()


@given(
    st.text(
        st.characters(
            exclude_categories=["Cc", "Cs", "Zl", "Zp"],
            exclude_characters="\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        ),
        min_size=1,
        max_size=600,
    )
)
def test_plain_text_is_returned_unchanged(text: str) -> None:
    if not text.startswith('"'):
        parsed = parse_rdata("TXT", text, None, ORIGIN)
        assert parsed.value == text and b"".join(parsed.rdata.strings) == text.encode()  # type: ignore[attr-defined]


words = st.sampled_from(
    [
        *(
            "0",
            "1",
            "3",
            "65536",
            "-1",
            "h2",
            ".",
            "@",
            "a.example.org",
            "192.0.2.1",
            "::1",
            '"',
            '"a b"',
            "\\",
            "\\#",
            "\\034",
            "\\ ",
            ";",
        ),
        *(
            "(",
            ")",
            "issue",
            "N",
            "E",
            "10.5m",
            SHA256,
            KEY,
            "alpn=",
            'alpn="h2"',
            "port=1",
            "mandatory=port",
            "key9=",
            "\t",
            "é",
            "\ud800",
        ),
        *('"!a!b!"', "1e999m", "-0m", "999999999999m", "\u0661", "ohttp", "dohpath=/{?dns}", "=", "  "),
    ]
)
any_value = st.text() | st.lists(words, max_size=8).map(" ".join) | st.lists(words, max_size=6).map("".join)


@given(st.sampled_from([rdtype.name for rdtype in TYPES]), any_value)
@example("LOC", "0 N 0 E -100000.01m")
@example("LOC", "0 N 0 E 1e999m")
@example("LOC", "0 N 0 E 0.29m")
@example("CAA", "0 issue " + "x" * 300)
@example("NAPTR", '1 1 "u" "x" "![a--b]!b!" .')
def test_any_text_is_rdata_or_an_input_error(record_type: str, value: str) -> None:
    parsed = try_parse(record_type, value)
    if isinstance(parsed, InputError):
        assert parsed.field == "value"
        return
    again = parse_rdata(record_type, parsed.value, parsed.priority, ORIGIN)
    wire = parsed.rdata.to_wire()
    assert wire is not None and again.rdata.to_wire() == wire and again.value == parsed.value
    line = print_line(parsed.rdata)
    assert line.isascii() and line.isprintable()
    if record_type != "LOC":  # dnspython's floats round some altitudes down by a hundredth; BIND does not
        assert dns.rdata.from_text(IN, RdataType[record_type], line, dns.name.root, relativize=False).to_wire() == wire
    assert parse_wire(RdataType[record_type], wire) == parsed.rdata


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "part", ['"', "\\", '"a', '\\"', "a ", "(", "[", "!(", "a", '" "', "=", "1", " ", "[a-", "\\1", "{1"]
)
def test_the_longest_inputs_take_little_time(part: str) -> None:
    starts = ("", '"', "0 issue ", '0 issue "', '1 1 "u" "x" "!', "1 . alpn=", "0 N 0 E ", "3 1 1 ")
    for rdtype in TYPES:
        for start in starts:
            for length in (250, 3000):
                for end in ("", '"', '!" .'):
                    try_parse(rdtype.name, start + (part * length)[:length] + end)
