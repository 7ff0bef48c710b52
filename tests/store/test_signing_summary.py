"""What health and metrics read of the DNSSEC of all zones: states, problems, keys at risk, and what expires first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from dns.name import Name

from appliance.store import signing, signing_summary, zones
from appliance.zones.model import Zone
from appliance.zones.signing import ServedSigning, Signing, SigningProblem, SigningState, Timing
from tests.api.conftest import counted
from tests.signing import at_parent, key, signed
from tests.workspace import Workspace

NS1, NS2 = "ns1.appliance.test", "ns2.appliance.test"


def signed_zone(workspace: Workspace, domain: str) -> Zone:
    zone = workspace.zone(domain)
    return workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})


def checked(workspace: Workspace, domain: str, known: Signing) -> Zone:
    """Store a signed zone of which the last check has found this."""
    zone = signed_zone(workspace, domain)
    with workspace.store.writing():
        signing.store_keys(zone.uuid, known.keys)
        signing_summary.store(zone, known, workspace.clock())
    return zone


def names(found: list[Name]) -> list[str]:
    return [name.to_text(omit_final_dot=True) for name in found]


def test_zones_are_counted_by_the_state_of_their_last_check(workspace: Workspace) -> None:
    workspace.zone("plain.example")
    zone = checked(workspace, "one.example", signed(key()))
    checked(workspace, "two.example", signed(key(), signed_at=None))
    checked(workspace, "off.example", replace(signed(key()), is_signed=False))
    expected = dict.fromkeys(SigningState, 0) | {SigningState.DS_WAIT: 1, SigningState.SIGNING: 1}
    del expected[SigningState.UNSIGNED]
    assert signing_summary.count_by_state() == expected
    workspace.editor.delete_zone(workspace.owner, zone.uuid, ds_withdrawn=True)
    assert signing_summary.count_by_state() == expected | {SigningState.DS_WAIT: 0}


def test_problems_are_found_until_they_are_gone(workspace: Workspace) -> None:
    wrong = replace(signed(key()), lacks_keys=True, is_stuck=True)
    zone, other = checked(workspace, "one.example", wrong), checked(workspace, "two.example", wrong)
    found = [SigningProblem.KEYS_MISSING, SigningProblem.STUCK]
    assert signing_summary.with_problems(9) == [(zone.name, found), (other.name, found)]
    assert len(signing_summary.with_problems(1)) == 1
    counts = signing_summary.count_by_problem([NS1], workspace.clock(), 9)
    assert counts == dict.fromkeys(SigningProblem, 0) | dict.fromkeys(found, 2)
    with workspace.store.writing():
        signing_summary.store(zone, signed(key()), workspace.clock())
    assert signing_summary.with_problems(9) == [(other.name, found)]
    workspace.editor.delete_zone(workspace.owner, other.uuid, ds_withdrawn=True)
    assert signing_summary.with_problems(9) == []


def test_what_did_not_change_is_not_written(workspace: Workspace) -> None:
    zone = checked(workspace, "one.example", signed(key()))
    before = signing.get(zones.get_any(zone.uuid))
    with counted() as statements, workspace.store.writing():
        signing_summary.store(zone, signed(key()), workspace.clock())
    assert len([one for one in statements if one.lower().startswith("update")]) == 1
    assert signing.get(zones.get_any(zone.uuid)) == before


@pytest.mark.parametrize("ds", Timing)
def test_a_key_is_at_risk_once_the_parent_may_have_its_ds(workspace: Workspace, ds: Timing) -> None:
    checked(workspace, "one.example", signed(key(0, ds), key(1, ds)))
    assert names(signing_summary.with_keys_at_risk(9)) == ([] if ds is Timing.HIDDEN else ["one.example"])
    with workspace.store.writing():
        signing.mark_backed_up([key(0).public_key, key(1).public_key], workspace.clock())
    assert signing_summary.with_keys_at_risk(9) == []


def test_the_first_signatures_that_expire_are_known_for_each_nameserver(workspace: Workspace) -> None:
    now, tags = workspace.clock(), frozenset({1})
    found = [checked(workspace, f"{number}.example", signed(key())) for number in range(3)]
    with workspace.store.writing():
        for days, zone in zip((9, 30, 5), found, strict=True):
            served = {NS1: ServedSigning(1, now + timedelta(days=days), tags), NS2: ServedSigning(1, None)}
            signing.store_served(zone.uuid, served, now)
    assert signing_summary.first_expiry(NS1) == now + timedelta(days=5)
    assert signing_summary.first_expiry(NS2) is None
    before = now + timedelta(days=10)
    assert names(signing_summary.expiring(NS1, before, 9)) == ["2.example", "0.example"]
    assert names(signing_summary.expiring(NS1, before, 1)) == ["2.example"]
    assert signing_summary.count_by_problem([NS1, NS2], before, 9)[SigningProblem.SIGNATURES_OLD] == 2
    workspace.editor.delete_zone(workspace.owner, found[2].uuid, ds_withdrawn=True)
    assert signing_summary.first_expiry(NS1) == now + timedelta(days=9)
    with workspace.store.writing():
        signing.store_served(found[0].uuid, {}, now)
        signing.begin(found[1], now)
    assert signing_summary.first_expiry(NS1) is None


def test_no_number_of_parents_hides_missing_keys(workspace: Workspace) -> None:
    other = at_parent(Name((b"example", b"")), key(1))
    for number in range(3):
        checked(workspace, f"{number}.example", signed(key(), parent=replace(other, problem="silent" * number)))
    wrong = replace(signed(key(), parent=other), lacks_keys=True, is_stuck=True)
    lacking = checked(workspace, "lacking.example", wrong)
    ((name, problems),) = signing_summary.with_problems(1)
    assert name == lacking.name
    assert problems == [SigningProblem.KEYS_MISSING, SigningProblem.STUCK, SigningProblem.DS_MISMATCH]
    assert len(signing_summary.with_problems(9)) == 4


def test_a_parent_that_disagrees_or_is_silent(workspace: Workspace) -> None:
    zone = signed_zone(workspace, "one.example")
    other, silent = at_parent(zone.name, key(1)), replace(at_parent(zone.name, key(0)), problem="silent")
    for check, problem in ((other, SigningProblem.DS_MISMATCH), (silent, SigningProblem.PARENT_UNKNOWN)):
        with workspace.store.writing():
            signing_summary.store(zone, signed(key(0), parent=check), workspace.clock())
        assert signing_summary.with_problems(9) == [(zone.name, [problem])]
