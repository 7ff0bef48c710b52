"""Targets that lose their address. `test_impact.py` has the cases of whole changes."""

from __future__ import annotations

from appliance.zones.changes import diff
from appliance.zones.impact import impact_of
from appliance.zones.model import Record
from tests.workspace import APEX
from tests.zones.records import InMemoryZone, record

A = "192.0.2.1"


def details(before: list[Record], after: list[Record]) -> list[str]:
    found = impact_of(InMemoryZone(before), InMemoryZone(after), diff(before, after), APEX)
    return [one.detail for one in found if one.why == "target-loses-address"]


def test_all_records_that_point_to_the_target_are_named() -> None:
    users = [record("MX", "@", "mail.example.com"), record("SRV", "_s._tcp", "1 2 mail.example.com")]
    users += [record("NS", "sub", "mail.example.com"), record("MX", "elsewhere", "other.example.com")]
    (detail,) = details([*users, record("A", "mail", A)], users)
    assert detail == (
        "mail.example.com has no address any longer, and is the target of MX example.com, NS sub.example.com, "
        "SRV _s._tcp.example.com"
    )


def test_an_alias_an_address_or_a_delegation_in_its_place_is_no_loss() -> None:
    user, address = record("MX", "@", "mail.example.com"), record("A", "mail", A)
    for other in (
        record("CNAME", "mail", "www.example.net"),
        record("AAAA", "mail", "2001:db8::1"),
        record("A", "*", A),
        record("NS", "mail", "ns.example.net"),
    ):
        assert details([user, address], [user, other]) == []
    assert len(details([user, address], [user])) == 1


def test_targets_that_a_wildcard_did_not_answer_for_lose_nothing() -> None:
    users = [record("MX", "@", name) for name in ("mail.example.com", "x.www.example.com", "mail.example.net")]
    own = [*users, record("A", "www", A)]
    (detail,) = details([*own, record("A", "*", A)], own)
    assert detail.startswith("mail.example.com has no address")
