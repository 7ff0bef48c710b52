"""What answers for the target of a record."""

from __future__ import annotations

import dns.name
import pytest
from dns.rdatatype import RdataType

from appliance.zones.cached_view import CachedView
from appliance.zones.targets import answer_for, targets_in
from tests.zones.records import ORIGIN
from tests.zones.warned import A, Row, zone_of

ROWS: list[Row] = [
    ("A", "www", A),
    ("TXT", "*", "x"),
    ("MX", "@", "mail.example.com"),
    ("MX", "@", "mail.example.org"),
    ("NS", "sub", "ns.sub.example.com"),
    ("A", "ns.sub", A),
    ("A", "a.b", A),
]
VIEW = CachedView(zone_of(ROWS))


@pytest.mark.parametrize(
    ("name", "with_glue", "types"),
    [
        ("www", False, {"A"}),
        ("other", False, {"TXT"}),
        ("b", False, set()),
        ("@", False, {"MX"}),
        ("ns.sub", True, {"A"}),
        ("gone.sub", True, set()),
        ("ns.sub", False, None),
        ("ns.child", True, None),
        ("ns1", True, None),
        ("a.example.org.", True, None),
    ],
)
def test_what_answers(name: str, with_glue: bool, types: set[str] | None) -> None:
    found = answer_for(VIEW, dns.name.from_text(name, ORIGIN), with_glue=with_glue)
    assert (found if found is None else {rdtype.name for rdtype in found}) == types


def test_the_targets_of_a_type() -> None:
    targets = [str(target) for _, target in targets_in(VIEW.nodes([ORIGIN])[ORIGIN], RdataType.MX, RdataType.SRV)]
    assert targets == ["mail.example.com.", "mail.example.org."]


def test_the_cut_of_a_name() -> None:
    cuts = {
        name: VIEW.cut_of(dns.name.from_text(name, ORIGIN)) for name in ("www", "sub", "ns.sub", "child", "x.child")
    }
    assert {name: cut and cut.is_child for name, cut in cuts.items()} == {
        "www": None,
        "sub": False,
        "ns.sub": False,
        "child": True,
        "x.child": True,
    }
