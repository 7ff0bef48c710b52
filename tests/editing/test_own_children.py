"""The DS of a signed zone in its delegation by another zone of the account, of which it is a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.compiler import compile_zone
from appliance.errors import Conflict
from appliance.store import delegations, signing, zones
from appliance.zones.model import Zone
from appliance.zones.parent_checks import after_check
from appliance.zones.serial import is_later
from appliance.zones.signing import (
    UNTIL_SIGNED_EVERYWHERE,
    DsReport,
    ParentCheck,
    Signing,
    SigningKey,
    SigningState,
    Timing,
    state_of,
)
from appliance.zones.signing_outlook import NextStep, next_step
from tests.signing import AT, at_parent, key, signed, store_signing
from tests.workspace import APEX, Workspace, open_workspace, read_rows

READY, OTHER = key(ds=Timing.RUMOURED), key(1, ds=Timing.RUMOURED)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A store in which example.com delegates the zone sub.example.com, which named has signed for long enough."""
    with open_workspace(tmp_path) as opened:
        opened.zone()
        child = opened.zone("sub.example.com")
        opened.editor.change_zone(opened.owner, child.uuid, {"dnssec": True})
        seen(opened, READY)
        opened.clock.now = AT + UNTIL_SIGNED_EVERYWHERE
        yield opened


def seen(workspace: Workspace, *keys: SigningKey) -> None:
    with workspace.store.writing():
        store_signing(named(workspace, "sub.example.com"), signed(*keys))


def known_of(zone: Zone) -> Signing:
    found = signing.get(zones.get_any(zone.uuid))
    assert found
    return found


def check(workspace: Workspace, child: Zone, *keys: SigningKey) -> None:
    """Let the deployer see the DS of these keys at every nameserver of the parent zone, and nothing to do."""
    known, now = known_of(child), workspace.clock()
    own = known.own_parent.uuid if known.own_parent else None
    found: ParentCheck = replace(at_parent(child.name, *keys, at=now), own=own)
    with workspace.store.writing():
        signing.store_findings(child.uuid, after_check(known, child.name, found))
        signing.put_off(child.uuid, now + timedelta(hours=1), now)


def state(workspace: Workspace, zone: Zone) -> SigningState:
    return state_of(known_of(zone), zone.name, workspace.clock())


def due(workspace: Workspace) -> list[str]:
    return [str(zones.get_any(uuid).name) for uuid in signing.due(workspace.clock(), 9)]


def named(workspace: Workspace, domain: str) -> Zone:
    found, _ = zones.find(workspace.owner.scope, zones.Page())
    return next(zone for zone in found if str(zone.name) == f"{domain}.")


def delegated(workspace: Workspace) -> list[str]:
    """Return the DS in the file of the zone above, as key tags."""
    content = compile_zone(named(workspace, "example.com"), APEX).content.decode()
    return [line.split()[4] for line in content.splitlines() if line.startswith("sub.example.com. 900 IN DS ")]


def test_each_change_of_the_ds_is_one_of_the_zone_above(workspace: Workspace) -> None:
    before, child = named(workspace, "example.com"), named(workspace, "sub.example.com")
    assert delegated(workspace) == []
    assert workspace.editor.delegate_ds(child.uuid)
    assert delegated(workspace) == [str(READY.tag)]
    after = named(workspace, "example.com")
    assert is_later(after.serial, before.serial) and after.revision == before.revision + 1
    assert named(workspace, "sub.example.com") == child, "the zone itself is as it was"
    assert not workspace.editor.delegate_ds(child.uuid) and named(workspace, "example.com") == after
    seen(workspace, key(is_wanted=False, ds=Timing.UNRETENTIVE), OTHER)
    assert workspace.editor.delegate_ds(child.uuid) and delegated(workspace) == [str(OTHER.tag)]
    workspace.editor.change_zone(workspace.owner, child.uuid, {"dnssec": False})
    assert delegated(workspace) == [str(OTHER.tag)]
    assert workspace.editor.delegate_ds(child.uuid) and delegated(workspace) == []
    rows = read_rows(workspace.store.path, "select comment from change where kind = 'zone.delegation' order by id")
    assert [row["comment"] for row in rows] == [
        "delegation of sub.example.com added",
        f"delegation of sub.example.com with the DS of key {READY.tag}",
        f"delegation of sub.example.com with the DS of key {OTHER.tag}",
        "delegation of sub.example.com without DS",
    ]


def test_a_zone_is_not_unsigned_while_its_delegation_has_a_ds(workspace: Workspace) -> None:
    child = named(workspace, "sub.example.com")
    workspace.editor.delegate_ds(child.uuid)
    workspace.editor.change_zone(workspace.owner, child.uuid, {"dnssec": False})
    with pytest.raises(Conflict, match=r"^example\.com is on this appliance"):
        workspace.editor.confirm_ds(workspace.owner, child.uuid, DsReport.WITHDRAWN)
    known = signing.get(child)
    assert known
    with workspace.store.writing():
        signing.confirm(zones.get_any(child.uuid), known, DsReport.WITHDRAWN, [READY.tag], workspace.clock())
    workspace.clock.forward(days=1)
    assert not workspace.editor.unsign_zone(child.uuid, None)
    workspace.editor.delegate_ds(child.uuid)
    assert workspace.editor.unsign_zone(child.uuid, None)


def test_the_ds_follows_the_zone_that_delegates(workspace: Workspace) -> None:
    """A zone that is created above gets it with the delegation; one that is deleted takes it along."""
    child = named(workspace, "sub.example.com")
    workspace.editor.delete_zone(workspace.owner, named(workspace, "example.com").uuid)
    assert workspace.editor.delegate_ds(child.uuid), "for whichever zone will delegate it"
    kinds = [kind for kind, _ in workspace.journal()]
    created = workspace.zone()
    assert kinds.count("zone.delegation") == 1 and delegated(workspace) == [str(READY.tag)]
    found = signing.get(child)
    assert found and found.own_parent and found.own_parent.uuid == created.uuid


def test_a_deleted_zone_has_no_ds_when_it_comes_back(workspace: Workspace) -> None:
    child = named(workspace, "sub.example.com")
    workspace.editor.delegate_ds(child.uuid)
    workspace.editor.delete_zone(workspace.owner, child.uuid)
    assert delegations.of_zone(named(workspace, "example.com")) == [] and delegated(workspace) == []
    assert not workspace.editor.delegate_ds(child.uuid)
    workspace.editor.undelete_zone(workspace.owner, child.uuid)
    assert delegated(workspace) == []
    workspace.clock.forward(hours=1)
    with workspace.store.writing():
        store_signing(child, signed(READY, signed_at=workspace.clock()))
    assert not workspace.editor.delegate_ds(child.uuid)
    workspace.clock.now += UNTIL_SIGNED_EVERYWHERE + timedelta(seconds=1)
    assert workspace.editor.delegate_ds(child.uuid) and delegated(workspace) == [str(READY.tag)]


def test_turning_the_zone_above_off_leaves_the_ds_where_it_is(workspace: Workspace) -> None:
    """Without a DS of its own the zone above is insecure, and so are those below: they stay signed, with their DS."""
    child, above = named(workspace, "sub.example.com"), named(workspace, "example.com")
    workspace.editor.change_zone(workspace.owner, above.uuid, {"dnssec": True})
    workspace.editor.delegate_ds(child.uuid)
    check(workspace, child, READY)
    assert next_step(known_of(child), child.name, workspace.clock()) is None
    workspace.editor.change_zone(workspace.owner, above.uuid, {"dnssec": False})
    workspace.editor.confirm_ds(workspace.owner, above.uuid, DsReport.WITHDRAWN)
    workspace.clock.forward(days=1)
    assert workspace.editor.unsign_zone(above.uuid, None)
    assert delegated(workspace) == [str(READY.tag)] and state(workspace, child) is SigningState.SECURED
    outlook = next_step(known_of(child), child.name, workspace.clock())
    assert outlook == NextStep("DNSSEC of example.com, without which no resolver validates the zone")
    workspace.editor.change_zone(workspace.owner, child.uuid, {"dnssec": False})
    assert workspace.editor.delegate_ds(child.uuid) and delegated(workspace) == []
    for _ in range(2):
        check(workspace, child)
        workspace.clock.forward(minutes=10)
    assert state(workspace, child) is SigningState.DS_EXPIRING
    workspace.clock.forward(days=1)
    check(workspace, child)
    assert workspace.editor.unsign_zone(child.uuid, None)


def test_what_was_seen_of_a_deleted_zone_above_says_nothing_of_the_parent(workspace: Workspace) -> None:
    """Otherwise a DS that nobody serves any longer would keep the zone from being turned off."""
    child, above = named(workspace, "sub.example.com"), named(workspace, "example.com")
    workspace.editor.delegate_ds(child.uuid)
    check(workspace, child, READY)
    assert state(workspace, child) is SigningState.SECURED and due(workspace) == []
    workspace.clock.forward(minutes=1)
    workspace.editor.delete_zone(workspace.owner, above.uuid)
    assert state(workspace, child) is SigningState.DS_READY and known_of(child).parent is None
    assert due(workspace) == ["sub.example.com."]
    workspace.editor.change_zone(workspace.owner, child.uuid, {"dnssec": False})
    assert not workspace.editor.unsign_zone(child.uuid, None), "caches may have the DS"
    workspace.editor.confirm_ds(workspace.owner, child.uuid, DsReport.WITHDRAWN)
    workspace.editor.delegate_ds(child.uuid)
    assert state(workspace, child) is SigningState.DS_EXPIRING
    workspace.clock.forward(days=1)
    assert workspace.editor.unsign_zone(child.uuid, None)


def test_a_zone_between_two_others_is_the_parent_as_long_as_it_exists(workspace: Workspace) -> None:
    child = workspace.zone("a.b.sub.example.com")
    workspace.editor.change_zone(workspace.owner, child.uuid, {"dnssec": True})
    with workspace.store.writing():
        store_signing(child, signed(READY))
    workspace.editor.delegate_ds(child.uuid)
    check(workspace, child, READY)
    assert state(workspace, child) is SigningState.SECURED
    workspace.clock.forward(minutes=1)
    between = workspace.zone("b.sub.example.com")
    assert "a.b.sub.example.com." in due(workspace) and state(workspace, child) is SigningState.DS_READY
    check(workspace, child, READY)
    assert state(workspace, child) is SigningState.SECURED
    workspace.clock.forward(minutes=1)
    workspace.editor.delete_zone(workspace.owner, between.uuid)
    assert "a.b.sub.example.com." in due(workspace) and state(workspace, child) is SigningState.DS_READY
    workspace.editor.undelete_zone(workspace.owner, between.uuid)
    assert delegations.of_zone(between)[0].ds == (READY.ds_of(child.name).text(),), "it has the DS from the beginning"
