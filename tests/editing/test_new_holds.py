"""Which new zones are held, and who may release them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.editing.new_holds import is_expired
from appliance.editing.zone_names import RESERVATION
from appliance.errors import InputError, InvalidName, NotPermitted
from appliance.principal import Principal
from appliance.store import deployments, holds, zones
from appliance.zones.model import Zone
from appliance.zones.ownership import HELD_AT_MOST, HoldReason, Proof
from tests.workspace import Workspace

OPERATOR = frozenset({"admin:*"})


def requiring(workspace: Workspace, proof: Proof) -> Workspace:
    """Let the editor of the workspace require proofs."""
    workspace.editor = replace(workspace.editor, proof=proof)
    return workspace


@pytest.fixture
def strict(workspace: Workspace) -> Workspace:
    """A workspace in which every zone needs a proof."""
    return requiring(workspace, Proof.ALWAYS)


def is_held(zone: Zone) -> bool:
    return holds.get(zone.uuid) is not None


@pytest.mark.parametrize(
    ("proof", "reason"), [(Proof.DELEGATED, HoldReason.UNCHECKED), (Proof.ALWAYS, HoldReason.ALWAYS)]
)
def test_a_new_zone_is_held_with_a_token_of_its_own(workspace: Workspace, proof: Proof, reason: HoldReason) -> None:
    first, second = (holds.get(requiring(workspace, proof).zone(domain).uuid) for domain in ("a.example", "b.example"))
    assert first and second and first.reason == second.reason == reason
    assert len(first.token) == 32 and first.token != second.token
    assert holds.due(workspace.clock(), 9) == [first, second], "they are due at once"


def test_without_proofs_and_for_operators_nothing_is_held(workspace: Workspace) -> None:
    assert not is_held(workspace.zone("a.example"))
    strict = requiring(workspace, Proof.ALWAYS)
    operator = replace(strict.owner, permissions=OPERATOR)
    for principal in (operator, Principal.local("command line", strict.owner.account)):
        assert not is_held(strict.editor.create_zone(principal, f"{len(strict.announced)}.example"))


def test_a_zone_below_a_published_one_of_the_account_is_its_own(strict: Workspace) -> None:
    above = strict.zone("example.com")
    assert is_held(strict.zone("held.example.com"))
    strict.editor.release_zone(replace(strict.owner, permissions=OPERATOR), above.uuid)
    assert not is_held(strict.zone("free.example.com"))


def test_a_zone_that_its_account_deleted_needs_no_second_proof(strict: Workspace) -> None:
    published = requiring(strict, Proof.OFF).zone("a.example")
    held = requiring(strict, Proof.ALWAYS).zone("b.example")
    for zone in (published, held):
        strict.editor.delete_zone(strict.owner, zone.uuid)
    assert not is_held(strict.zone("a.example")) and is_held(strict.zone("b.example"))


def test_after_the_reservation_it_does(strict: Workspace) -> None:
    zone = requiring(strict, Proof.OFF).zone("a.example")
    strict.editor.delete_zone(strict.owner, zone.uuid)
    strict.clock.now += RESERVATION - timedelta(seconds=1)
    strict = requiring(strict, Proof.ALWAYS)
    strict.clock.forward(seconds=1)
    assert is_held(strict.zone("a.example"))


def test_only_an_operator_releases_a_zone(strict: Workspace) -> None:
    zone = strict.zone("a.example")
    with pytest.raises(NotPermitted):
        strict.editor.release_zone(strict.owner, zone.uuid)
    strict.clock.forward(hours=1)
    operator = replace(strict.owner, permissions=OPERATOR)
    released = strict.editor.release_zone(operator, zone.uuid)
    now = strict.clock()
    assert released == replace(zone, revision=zone.revision + 1, queued_at=now, updated_at=now) and not is_held(zone)
    assert strict.journal()[-1] == ("zone.release", zone.serial)
    assert [status.uuid for status in deployments.statuses()] == [zone.uuid]
    with pytest.raises(InputError, match="is not held"):
        strict.editor.release_zone(operator, zone.uuid)


def test_a_held_zone_is_edited_like_any_other(strict: Workspace) -> None:
    zone = strict.zone("a.example")
    strict.add(zone, "A", "www", "192.0.2.1")
    assert is_held(zone) and deployments.statuses() == []


def test_a_published_zone_above_releases_those_below(strict: Workspace) -> None:
    below, beside = strict.zone("a.b.example.com"), strict.zone("a.example.org")
    strict.editor.create_zone(Principal.local("command line", strict.owner.account), "example.com")
    assert not is_held(below) and is_held(beside)
    assert zones.get_any(below.uuid).revision == below.revision + 1, "what it says of its ownership has changed"
    assert strict.journal()[-1] == ("zone.release", below.serial)


def test_the_name_of_a_zone_that_was_never_published_is_not_reserved(strict: Workspace) -> None:
    strict.editor.delete_zone(strict.owner, strict.zone("example.com").uuid)
    assert is_held(strict.editor.create_zone(strict.stranger, "www.example.com"))


def test_nobody_holds_a_domain_longer_by_creating_zones_again(strict: Workspace) -> None:
    first, second = strict.zone("a.example.com"), "b.example.com"
    strict.clock.now += HELD_AT_MOST - timedelta(days=1)
    strict.editor.delete_zone(strict.owner, first.uuid)
    zone = strict.zone(second)
    assert not is_expired(zone, strict.clock())
    strict.clock.now += timedelta(days=2)
    assert is_expired(zone, strict.clock())
    strict.editor.delete_zone(strict.owner, zone.uuid)
    for domain in ("example.com", "a.example.com", second):
        with pytest.raises(InvalidName, match=r"the ownership of example\.com within 30 days"):
            strict.zone(domain)
    assert is_held(strict.zone("a.example.org"))
    others = strict.editor.create_zone(strict.stranger, "example.com")
    strict.editor.delete_zone(strict.stranger, others.uuid)
    strict.clock.now += RESERVATION
    assert is_held(strict.zone(second))
