"""Warnings about SPF and DMARC, each with the closest case that has none."""

from __future__ import annotations

import dns.name
import pytest

from appliance.zones.warnings import warnings_at
from appliance.zones.zone_warning import MX_WITHOUT_DMARC, SPF_TWICE, SPF_WITHOUT_DMARC
from tests.zones.records import ORIGIN, InMemoryZone, record
from tests.zones.warned import Row, codes, organisation_of, warnings_of, zone_of

MX: Row = ("MX", "@", "mail.example.org")
SPF: Row = ("TXT", "@", "v=spf1 mx -all")
DMARC: Row = ("TXT", "_dmarc", "v=DMARC1; p=none")
SUB: Row = ("MX", "a.sub", "mail.example.org")
CASES: dict[str, tuple[list[Row], str, list[str]]] = {
    "mail servers without DMARC": ([MX], "@", [MX_WITHOUT_DMARC]),
    "SPF without DMARC": ([SPF], "@", [SPF_WITHOUT_DMARC]),
    "both": ([MX, SPF], "@", [MX_WITHOUT_DMARC, SPF_WITHOUT_DMARC]),
    "with DMARC": ([MX, SPF, DMARC], "@", []),
    "in quotes": ([MX, ("TXT", "_dmarc", '"v=DMARC1;" " p=none"')], "@", []),
    "with other text there": ([MX, ("TXT", "_dmarc", "v=DMARC2")], "@", [MX_WITHOUT_DMARC]),
    "with an alias there": ([MX, ("CNAME", "_dmarc", "dmarc.example.org")], "@", []),
    "delegated": ([MX, ("NS", "_dmarc", "ns.example.org")], "@", []),
    "with DMARC at a wildcard": ([MX, ("TXT", "*", "v=DMARC1; p=none")], "@", []),
    "with other text at a wildcard": ([MX, ("TXT", "*", "x")], "@", [MX_WITHOUT_DMARC]),
    "with DMARC below": ([MX, ("TXT", "_dmarc.sub", "v=DMARC1")], "@", [MX_WITHOUT_DMARC]),
    "a null MX": ([("MX", "@", ".")], "@", []),
    "a name below": ([SUB], "a.sub", [MX_WITHOUT_DMARC]),
    "with DMARC of its own": ([SUB, ("TXT", "_dmarc.a.sub", "v=DMARC1")], "a.sub", []),
    "with DMARC at the organisational domain": ([SUB, DMARC], "a.sub", []),
    "with DMARC between": ([SUB, ("TXT", "_dmarc.sub", "v=DMARC1")], "a.sub", []),
    "with DMARC beside": ([SUB, ("TXT", "_dmarc.b.sub", "v=DMARC1")], "a.sub", [MX_WITHOUT_DMARC]),
    "the organisational domain has the warning": ([SUB, SPF], "a.sub", []),
    "a null MX there": ([SUB, ("MX", "@", ".")], "a.sub", [MX_WITHOUT_DMARC]),
    "a wildcard": ([("MX", "*", "mail.example.org")], "*", [MX_WITHOUT_DMARC]),
    "a wildcard with DMARC": ([("MX", "*", "mail.example.org"), DMARC], "*", []),
    "a part of an SPF record": ([("TXT", "_spf", "v=spf1 ip4:192.0.2.0/24")], "_spf", []),
    "text that is no SPF record": ([("TXT", "@", "v=spf10 -all"), ("TXT", "@", "spf1")], "@", []),
    "two SPF records": ([SPF, ("TXT", "@", "V=SPF1"), DMARC], "@", [SPF_TWICE]),
    "two SPF records in quotes": ([SPF, ("TXT", "@", '"v=spf1" " ~all"'), DMARC], "@", [SPF_TWICE]),
    "two SPF records at an underscore": ([("TXT", "_spf", "v=spf1"), ("TXT", "_spf", "v=spf1 a")], "_spf", [SPF_TWICE]),
    "SPF and other text": ([SPF, ("TXT", "@", "v=spf2.0/pra"), DMARC], "@", []),
    "SPF at two names": ([SPF, ("TXT", "www", "v=spf1"), DMARC], "www", []),
}


@pytest.mark.parametrize(("rows", "owner", "expected"), CASES.values(), ids=CASES.keys())
def test_each_code(rows: list[Row], owner: str, expected: list[str]) -> None:
    assert codes(rows, owner) == expected


def test_the_remedy_is_at_the_organisational_domain() -> None:
    (warning,) = warnings_of([SUB], "a.sub")
    assert warning.detail.startswith("a.sub.example.com has mail servers (MX) and no DMARC record")
    assert "at _dmarc.example.com" in warning.remedy


def test_a_zone_below_the_organisational_domain_is_not_judged() -> None:
    origin = dns.name.from_text("dept", ORIGIN)
    rows: list[Row] = [("MX", "dept", "mail.example.org"), ("TXT", "a.dept", "v=spf1")]
    view = zone_of(rows, origin=origin)
    assert warnings_at(view, view.by_owner, organisation_of) == []


def test_a_public_suffix_is_its_own_organisation() -> None:
    origin = dns.name.from_text("com.")
    found = warnings_at(InMemoryZone([record("MX", "@", "a.example.org")], origin=origin), [ORIGIN], organisation_of)
    assert [one.code for one in found] == [MX_WITHOUT_DMARC]
    assert warnings_at(InMemoryZone([], origin=origin), [origin], lambda _: None) == []


def test_a_name_that_is_too_long_for_a_dmarc_record() -> None:
    name = ".".join(["a" * 60] * 3 + ["b" * 55])
    assert codes([("MX", name, "mail.example.org")], name) == [MX_WITHOUT_DMARC]
