"""Names: how text is parsed, what is refused with which field, and that printing and parsing agree."""

from __future__ import annotations

from collections.abc import Callable

import dns.name
import pytest
from dns.name import Name
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.errors import InputError, InvalidName
from appliance.zones.names import (
    canonical_key,
    parse_domain,
    parse_full_owner,
    parse_owner,
    parse_target,
    print_display,
    print_domain,
    print_owner,
    print_unicode,
    refuse_control_characters,
)

ORIGIN = dns.name.from_text("example.com.")
SERVICE = dns.name.from_text("_tcp.example.com.")
REVERSE = dns.name.from_text("2.0.192.in-addr.arpa.")
LABEL = "a" * 63
LONGEST = ".".join([LABEL] * 3 + ["b" * 61])

DOMAINS = {
    "example.com": "example.com",
    "EXAMPLE.Com": "example.com",
    "example.com.": "example.com",
    "com": "com",
    "_acme-challenge.example.org": "_acme-challenge.example.org",
    "xn--mnchen-3ya.de": "xn--mnchen-3ya.de",
    "XN--MNCHEN-3YA.de": "xn--mnchen-3ya.de",
    "bücher.de": "xn--bcher-kva.de",
    "例え.jp": "xn--r8jz45g.jp",
    "faß.de": "xn--fa-hia.de",
    "a--b.org": "a--b.org",
    "1.org": "1.org",
    "0/25.2.0.192.in-addr.arpa": "0/25.2.0.192.in-addr.arpa",
    f"{LABEL}.com": f"{LABEL}.com",
    LONGEST: LONGEST,
    f"{LONGEST}.": LONGEST,
}
INVALID_NAMES = [
    "",
    " ",
    "   ",
    ".",
    "..",
    ".example.org",
    "example.org..",
    "a..b.com",
    " example.org",
    "example.org ",
    "exa mple.org",
    "example.org\n",
    "example.org\r",
    "example.org\x00",
    "example.org\x7f",
    "example.org\x85",
    "example.org\u2028",
    "example.org\u202e",
    "example.org\ud800",
    "example.org\n$INCLUDE /etc/passwd",
    "example.org;x",
    "../../etc/passwd",
    "/etc/bind/named.conf",
    "0/25.example.org",
    "-v.org",
    "v-.org",
    "$INCLUDE.org",
    '"www".org',
    "(a.org",
    "a\\010b.org",
    "a\\.b.org",
    "a:b.org",
    "http://example.org/",
    "<script>.com",
    "x'; DROP TABLE zone;--.com",
    "%2e.com",
    "a.*.b.org",
    "a*.org",
    "**.org",
    "@.org",
    "xn--zzzzzzzz-.com",
    "xn--.com",
    "xn--a.com",
    "xn--BCHER-KVA\u00df.de",
    "Übel.de",
    "\u212aelvin.com",
    "exam\u00adple.org",
    "example\u3002org",
    "\uff41.org",
    "\u2024.org",
    "a\u0308\u200d.org",
    "\U0001f600.org",
    "\u0661.org\u0661",
    f"{LABEL}a.com",
    f"a{LONGEST}",
    f"a.{LONGEST}",
    "ü" * 60 + ".de",
]

DATA_ONLY = ["-v.org", "v-.org", "xn--zzzzzzzz-.com", "xn--.com", "xn--a.com"]


@pytest.mark.parametrize(("text", "name"), DOMAINS.items())
def test_domains_are_parsed(text: str, name: str) -> None:
    assert print_domain(parse_domain(text)) == name


@pytest.mark.parametrize("text", [*INVALID_NAMES, "*.example.org", "*", "@", "1.2.3.4", "example.1", "[2001:db8::1]"])
def test_other_domains_are_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_domain(text)
    assert refused.value.field == "domain"


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("@", "@"),
        ("www", "www"),
        ("WWW2", "www2"),
        ("www.example.com", "www"),
        ("www.example.com.", "www"),
        ("WWW.Example.COM", "www"),
        ("example.com", "@"),
        ("example.com.", "@"),
        ("example.com.example.com", "example.com.example.com"),
        ("www.example.com.example.com", "www.example.com.example.com"),
        ("evilexample.com", "evilexample.com"),
        ("com", "com"),
        ("*", "*"),
        ("*.dev", "*.dev"),
        ("*.example.com", "*"),
        ("*.example.com.", "*"),
        ("*.dev.example.com", "*.dev"),
        ("_sip._tcp", "_sip._tcp"),
        ("1", "1"),
        ("bücher", "xn--bcher-kva"),
        ("*.bücher", "*.xn--bcher-kva"),
        (LABEL, LABEL),
        (f"{'.'.join([LABEL] * 3)}.{'a' * 49}", f"{'.'.join([LABEL] * 3)}.{'a' * 49}"),
    ],
)
def test_owners_are_parsed(text: str, owner: str) -> None:
    name = parse_owner(text, ORIGIN)
    assert print_owner(name, ORIGIN) == owner and name.is_subdomain(ORIGIN)
    assert parse_owner(owner, ORIGIN) == name


@pytest.mark.parametrize(
    "text",
    [
        *(text for text in INVALID_NAMES if text != LONGEST),
        "www.other.org.",
        "evilexample.com.",
        "com.",
        "*.other.org.",
        "*.*",
        "*.",
        "*..",
        "*.@",
        "@.",
        "*.*.dev",
        "-v",
        LONGEST,
        f"{'.'.join([LABEL] * 3)}.{'a' * 50}",
        f"*.{'.'.join([LABEL] * 3)}.{'a' * 48}",
    ],
)
def test_other_owners_are_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_owner(text, ORIGIN)
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("target.example.org", "target.example.org"),
        ("target.example.org.", "target.example.org"),
        ("Target.Example.ORG", "target.example.org"),
        ("@", "example.com"),
        ("_a._domainkey.example.org", "_a._domainkey.example.org"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("1.0/25.2.0.192.in-addr.arpa", "1.0/25.2.0.192.in-addr.arpa"),
        (LONGEST, LONGEST),
    ],
)
def test_targets_are_parsed_as_absolute(text: str, target: str) -> None:
    assert print_domain(parse_target(text, ORIGIN)) == target


@pytest.mark.parametrize(
    "text",
    [
        *(text for text in INVALID_NAMES if text not in DATA_ONLY),
        *("192.0.2.1", "2001:db8::1", "target", "target.", "*.example.org", "*", "a.1", "@.example.org", r"a\032b.org"),
    ],
)
def test_other_targets_are_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_target(text, ORIGIN)
    assert refused.value.field == "value"


def test_the_root_is_a_target_only_if_null_is_allowed() -> None:
    assert parse_target(".", ORIGIN, null_allowed=True) == dns.name.root
    with pytest.raises(InvalidName):
        parse_target(".", ORIGIN)


def test_slashes_are_valid_under_in_addr_arpa_only() -> None:
    assert print_owner(parse_owner("0/25", REVERSE), REVERSE) == "0/25"
    assert print_owner(parse_owner("1.0/25", REVERSE), REVERSE) == "1.0/25"
    for refused in ("/25", "25/", "/"):
        with pytest.raises(InvalidName):
            parse_owner(refused, REVERSE)
    with pytest.raises(InvalidName):
        parse_owner("0/25", ORIGIN)
    with pytest.raises(InvalidName):
        parse_target("0/25.example.com", REVERSE)


def test_names_are_printed_in_unicode() -> None:
    assert print_unicode(parse_domain("bücher.xn--mnchen-3ya.de")) == "bücher.münchen.de"
    assert print_unicode(dns.name.from_text("xn--zzzzzzzz-.com.")) == "xn--zzzzzzzz-.com"


def test_people_see_a_labels_beside_u_labels() -> None:
    assert print_display(parse_domain("аррӏе.com")) == "аррӏе.com (xn--80ak6aa92e.com)"
    assert print_display(parse_domain("apple.com")) == "apple.com"


@pytest.mark.parametrize(
    "char", ["\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\x9f", "\u2029", "\u2066", "\udfff", "\u061c"]
)
def test_control_characters_are_reported_with_their_position(char: str) -> None:
    with pytest.raises(InputError, match=rf"U\+{ord(char):04X} at position 3 ") as refused:
        refuse_control_characters(f"ab{char}c", "comment")
    assert refused.value.field == "comment"


def test_an_error_quotes_a_limited_part_of_the_input() -> None:
    with pytest.raises(InputError) as refused:
        parse_owner("é" * 100_000, ORIGIN)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("text", [*DATA_ONLY, "xn--ls8h.example", "foo-.example.net", "-.example.net"])
def test_targets_are_data_and_owners_are_not(text: str) -> None:
    assert print_domain(parse_target(text, ORIGIN)) == text
    for parse in (parse_domain, lambda text: parse_owner(text, ORIGIN)):
        with pytest.raises(InvalidName):
            parse(text)


SERVICES = [
    (r"Office\032Printer._ipp._tcp", rb"office printer", r"office\032printer._ipp._tcp"),
    (r"Dr\.\ Smith\"s._x._udp", b'dr. smith"s', r"dr\046\032smith\034s._x._udp"),
    (r"B\195\188ro\032ü._ipp._tcp", "b\u00fcro \u00fc".encode(), r"b\195\188ro\032\195\188._ipp._tcp"),
    (r"HP\032LaserJet\0474/5._printer._tcp", b"hp laserjet/4/5", r"hp\032laserjet/4/5._printer._tcp"),
    (r"\000\255\\\@\$\(\;._tcp", b"\0\xff\\@$(;", r"\000\255\092\064\036\040\059._tcp"),
    (r"foo\045._tcp", b"foo-", "foo-._tcp"),
    (r"xn--ls8h._tcp", b"xn--ls8h", "xn--ls8h._tcp"),
    (r"bücher._tcp", b"xn--bcher-kva", "xn--bcher-kva._tcp"),
    (r"\001" * 63 + "._tcp", b"\1" * 63, r"\001" * 63 + "._tcp"),
]


@pytest.mark.parametrize(("text", "label", "printed"), SERVICES, ids=lambda text: str(text)[:20])
def test_labels_below_tcp_and_udp_hold_any_octet(text: str, label: bytes, printed: str) -> None:
    owner = parse_owner(text, ORIGIN)
    assert owner.labels[0] == label and print_owner(owner, ORIGIN) == printed
    assert parse_owner(printed, ORIGIN) == parse_owner(f"{printed}.example.com.", ORIGIN) == owner
    assert parse_target(f"{text}.example.com", ORIGIN) == owner and print_domain(owner) == f"{printed}.example.com"
    assert print_unicode(owner).count(".") == len(owner.labels) - 2


def test_a_zone_may_be_below_tcp_but_needs_a_domain_name() -> None:
    services = parse_domain("_tcp.example.com")
    assert parse_owner(r"a\032b._x", services).labels[0] == b"a b"
    with pytest.raises(InvalidName):
        parse_domain(r"a\032b._tcp.example.com")
    with pytest.raises(InvalidName):
        parse_domain("a/b._tcp.example.com")


@pytest.mark.parametrize(
    "text",
    [
        *(r"a\032b", r"a\032b._sctp", r"_tcp\032", r"a\.b.dev", r"a\256._tcp", r"a\25._tcp", "a\\._tcp\\"),
        *("a b._tcp", "a;b._tcp", r"a b\032._tcp", r"\042._tcp", r"a.\042._tcp", r"\001" * 64 + "._tcp"),
        *("a.._tcp", r"*.\042._tcp", r"\032" * 300 + "._tcp", "._tcp"),
    ],
)
def test_other_escapes_are_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_owner(text, ORIGIN)
    assert refused.value.field == "name"


def test_a_hint_is_a_name_without_an_empty_label() -> None:
    for text in ("target", "target."):
        with pytest.raises(InvalidName, match=r"such as target\.example\.com$"):
            parse_target(text, ORIGIN)


PARSERS: list[tuple[Callable[[str], Name], Callable[[Name], str]]] = [
    (parse_domain, print_domain),
    (lambda text: parse_owner(text, ORIGIN), lambda name: print_owner(name, ORIGIN)),
    (lambda text: parse_owner(text, SERVICE), lambda name: print_owner(name, SERVICE)),
    (lambda text: parse_owner(text, REVERSE), lambda name: print_owner(name, REVERSE)),
    (lambda text: parse_target(text, ORIGIN, null_allowed=True), print_domain),
]


def try_parse(parse: Callable[[str], Name], text: str) -> Name | InputError:
    """Return the name, or the error."""
    try:
        return parse(text)
    except InputError as refused:
        return refused


any_text = (
    st.text() | st.text(st.characters(), max_size=70) | st.text("aZ0-_.*@/ü\u00df\u0301\u200d\ud800xn-", max_size=40)
)
likely = st.lists(
    st.sampled_from(["a", "xn--bcher-kva", "ß", "0/25", "_x", "*", "example", "com", "A1", "_tcp", "\\032", "a\\."]),
    max_size=6,
)


@given(any_text | likely.map(".".join))
@example("xn--\u0661")
@example("xn--a-ecp.ru")
def test_any_text_is_a_name_or_an_input_error(text: str) -> None:
    for parse, write in PARSERS:
        name = try_parse(parse, text)
        if isinstance(name, InputError):
            assert name.field in {"domain", "name", "value"}
        else:
            assert name.is_absolute() and name == name.canonicalize() and len(name.to_digestable()) <= 255
            assert parse(write(name)) == name


@pytest.mark.timeout(10)
@pytest.mark.parametrize("part", ["a", "-", "a-", "/", "a.", "*.", "xn--", "ü", "\u0301", "ا", "_/"])
def test_the_longest_inputs_take_little_time(part: str) -> None:
    for length in (63, 250, 256 * 1024):
        for parse, _ in PARSERS:
            try_parse(parse, (part * length)[:length])


@given(st.lists(st.sampled_from(["a", "b", "a-b", "a.b", "a-b.c", "*.b", "b.a", "_x.a", "@"]), unique=True))
def test_the_canonical_key_sorts_as_dnspython_does(names: list[str]) -> None:
    found = [parse_owner(name, dns.name.from_text("example.com")) for name in names]
    assert sorted(found, key=canonical_key) == sorted(found)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("WWW.Example.com", "www.example.com"),
        ("www.example.com.", "www.example.com"),
        ("*.bücher.de.", "*.xn--bcher-kva.de"),
        ("_acme-challenge.example.com", "_acme-challenge.example.com"),
        ("com", "com"),
    ],
)
def test_a_full_owner_needs_no_zone(text: str, printed: str) -> None:
    assert print_domain(parse_full_owner(text)) == printed


@pytest.mark.parametrize("text", ["", ".", "@", "*", "a..b.com", "a.*.com", "a b.com", f"{LABEL}b.com"])
def test_a_full_owner_is_one_that_a_record_can_have(text: str) -> None:
    with pytest.raises(InvalidName) as refused:
        parse_full_owner(text, "fqdn")
    assert refused.value.field == "fqdn"
