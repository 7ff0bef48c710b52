"""The warnings of a zone: which names a write concerns, their order, and zones without any."""

from __future__ import annotations

import dns.name
from hypothesis import given
from hypothesis import strategies as st

from appliance.zones.warnings import warnings_after, warnings_at
from appliance.zones.zone_warning import (
    CNAME_CHAIN,
    FOREIGN_NS,
    MX_WITHOUT_DMARC,
    NS_WITHOUT_ADDRESS,
    SPF_TWICE,
    TARGET_WITHOUT_ADDRESS,
)
from tests.zones.records import ORIGIN, record
from tests.zones.warned import OTHER, A, Row, codes, organisation_of, warnings_of, zone_of

DELEGATED: list[Row] = [("NS", "sub", "ns.sub.example.com")]
MAIL: list[Row] = [("MX", "@", "mail.example.com"), ("TXT", "_dmarc", "v=DMARC1; p=none")]


def test_the_name_that_was_written_and_no_other() -> None:
    rows: list[Row] = [("MX", "www", "gone.example.com"), ("TXT", "_dmarc", "v=DMARC1"), ("A", "other", A)]
    assert codes(rows, "www") == [TARGET_WITHOUT_ADDRESS] and codes(rows, "other") == []


def test_a_delegation_whose_nameserver_lost_its_address() -> None:
    assert codes(DELEGATED, "ns.sub") == [NS_WITHOUT_ADDRESS]


def test_the_apex_whose_mail_server_lost_its_address() -> None:
    (warning,) = warnings_of(MAIL, "mail")
    assert (warning.code, warning.name) == (TARGET_WITHOUT_ADDRESS, ORIGIN)
    assert codes(MAIL, "www") == []


def test_the_domain_whose_dmarc_record_was_deleted() -> None:
    rows: list[Row] = [("MX", "@", "mail.example.org")]
    (warning,) = warnings_of(rows, "_dmarc")
    assert (warning.code, warning.name) == (MX_WITHOUT_DMARC, ORIGIN)


def test_a_name_outside_of_the_zone_has_none() -> None:
    assert warnings_after(zone_of(MAIL), [dns.name.from_text("mail.example.org.")], organisation_of) == []


def test_they_are_in_canonical_order_and_none_is_repeated() -> None:
    rows: list[Row] = [
        ("CNAME", "b", "c.example.com"),
        ("CNAME", "c", "d.example.org"),
        ("CNAME", "a", "c.example.com"),
        ("NS", "@", "ns.example.org"),
        ("TXT", "z", "v=spf1 -all"),
        ("TXT", "z", "v=spf1 ~all"),
        ("TXT", "_dmarc", "v=DMARC1"),
        ("SRV", "_x._tcp", "1 2 gone.example.com"),
        ("SRV", "_x._tcp", "2 3 gone.example.com"),
    ]
    view = zone_of(rows)
    found = warnings_at(view, view.by_owner, organisation_of)
    assert [(one.code, one.name.labels[0]) for one in found] == [
        (FOREIGN_NS, b"example"),
        (TARGET_WITHOUT_ADDRESS, b"_x"),
        (CNAME_CHAIN, b"a"),
        (CNAME_CHAIN, b"b"),
        (SPF_TWICE, b"z"),
    ]


# A tidy zone has no warnings, whatever is in it

label = st.from_regex(r"\A[a-z][a-z0-9]{0,5}\Z").filter(lambda one: one not in ("child", "mail", "ns1"))
hosts = st.lists(label, min_size=1, max_size=6, unique=True)
TIDY: list[Row] = [
    ("A", "@", A),
    ("MX", "@", "mail.example.com"),
    ("A", "mail", A),
    ("AAAA", "mail", "2001:db8::1"),
    ("TXT", "@", "v=spf1 mx -all"),
    ("TXT", "@", "google-site-verification=x"),
    ("TXT", "_dmarc", "v=DMARC1; p=reject"),
    ("TXT", "x._domainkey", "v=DKIM1; p="),
    ("TXT", "_spf", "v=spf1 ip4:192.0.2.0/24 -all"),
    ("NS", "child", "ns.example.org"),
]


def rows_at(host: str, kind: int, first: str) -> list[Row]:
    """Return usual records of a host; `first` is the first host of the zone."""
    kinds: list[list[Row]] = [
        [("A", host, A), ("A", host, OTHER), ("TXT", f"_acme-challenge.{host}", "x"), ("MX", host, "mail.example.com")],
        [("CNAME", host, f"{first}.example.com")],
        [("CNAME", host, "target.example.org"), ("CNAME", f"_acme-challenge.{host}", "x.example.org")],
        [("NS", host, f"ns1.{host}.example.com"), ("NS", host, f"ns2.{host}.example.com")],
        [("A", host, A), ("SRV", f"_sip._tcp.{host}", f"1 2 {first}.example.com"), ("HTTPS", host, "1 . alpn=h2")],
        [("A", f"a.{host}", A), ("MX", f"a.{host}", ".")],
    ]
    glue: list[Row] = [("A", f"ns1.{host}", A), ("A", f"ns2.{host}", OTHER)] if kind == 3 else []
    return kinds[kind] + glue


@given(hosts, st.lists(st.integers(0, 5), min_size=6, max_size=6), st.booleans())
def test_a_tidy_zone_has_no_warnings(names: list[str], kinds: list[int], has_wildcard: bool) -> None:
    rows = [*TIDY, ("A", names[0], A)]
    rows += [row for name, kind in zip(names[1:], kinds, strict=False) for row in rows_at(name, kind, names[0])]
    rows += [("A", "*", A)] if has_wildcard else []
    view = zone_of(rows)
    assert warnings_at(view, view.by_owner, organisation_of) == []
    assert warnings_after(view, view.by_owner, organisation_of) == []


def test_a_record_is_not_changed_by_it() -> None:
    one = record("A", "@", A)
    assert warnings_at(zone_of([]), [one.owner], organisation_of) == []
