"""Reports of users about a DS, and rollovers: what each state accepts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import Conflict, NotPermitted
from appliance.principal import TokenLimits
from appliance.store import signing, zones
from appliance.zones.model import Zone
from appliance.zones.signing import DsReport, Signing, SigningState, Timing, state_of
from tests.signing import AT, at_parent, key, signed, store_signing
from tests.workspace import Workspace, open_workspace

PUBLISHED, WITHDRAWN = DsReport.PUBLISHED, DsReport.WITHDRAWN
FORMER, NEW, NEW_READY = key(is_wanted=False, ds=Timing.OMNIPRESENT), key(1), key(1, ds=Timing.RUMOURED)
READY = key(ds=Timing.RUMOURED)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A store with one zone that is to be signed."""
    with open_workspace(tmp_path) as opened:
        opened.editor.change_zone(opened.owner, opened.zone().uuid, {"dnssec": True})
        yield opened


def _zone(workspace: Workspace) -> Zone:
    (zone,) = zones.find(workspace.owner.scope, zones.Page())[0]
    return zone


def _seen(workspace: Workspace, known: Signing) -> Zone:
    zone = _zone(workspace)
    with workspace.store.writing():
        store_signing(zone, known)
    return zone


def _state(workspace: Workspace) -> SigningState:
    zone = _zone(workspace)
    known = signing.get(zone)
    assert known
    return state_of(known, zone.name, workspace.clock())


def _confirm(workspace: Workspace, report: DsReport, tag: int | None = None) -> Zone:
    return workspace.editor.confirm_ds(workspace.owner, _zone(workspace).uuid, report, tag)


def test_a_confirmed_ds_secures_the_zone_and_is_in_its_history(workspace: Workspace) -> None:
    zone = _seen(workspace, signed(READY))
    assert _state(workspace) is SigningState.DS_READY
    confirmed = _confirm(workspace, PUBLISHED)
    assert _state(workspace) is SigningState.SECURED
    assert (confirmed.serial, confirmed.revision) == (zone.serial, zone.revision + 1)
    assert workspace.journal()[-1] == ("zone.ds", zone.serial)
    with pytest.raises(Conflict, match="the state is secured"):
        _confirm(workspace, PUBLISHED)
    with pytest.raises(Conflict, match="the state is secured"):
        _confirm(workspace, WITHDRAWN)


def test_only_keys_of_the_zone_are_confirmed(workspace: Workspace) -> None:
    with pytest.raises(Conflict, match="no key yet"):
        _confirm(workspace, PUBLISHED)
    _seen(workspace, signed(READY))
    with pytest.raises(Conflict, match=f"the DS of key 1 .* only that of key {READY.tag} can"):
        _confirm(workspace, PUBLISHED, 1)
    _confirm(workspace, PUBLISHED, READY.tag)
    assert _state(workspace) is SigningState.SECURED


def test_a_zone_that_never_was_signed_has_no_ds(workspace: Workspace) -> None:
    other = workspace.zone("other.example")
    with pytest.raises(Conflict, match="its state is unsigned"):
        workspace.editor.confirm_ds(workspace.owner, other.uuid, PUBLISHED)
    with pytest.raises(Conflict, match="its state is unsigned"):
        workspace.editor.roll_keys(workspace.owner, other.uuid)


def test_withdrawn_is_not_believed_while_the_parent_has_the_ds(workspace: Workspace) -> None:
    zone = _seen(workspace, signed(READY, parent=at_parent(_zone(workspace).name, READY)))
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": False})
    assert _state(workspace) is SigningState.DS_REMOVE
    with pytest.raises(Conflict, match=r"a nameserver of com still had the DS at 2031-05-04T12:00:00Z"):
        _confirm(workspace, WITHDRAWN)
    workspace.clock.forward(minutes=10)
    _seen(workspace, signed(READY, parent=at_parent(zone.name, at=workspace.clock())))
    _confirm(workspace, WITHDRAWN)
    assert _state(workspace) is SigningState.DS_EXPIRING
    workspace.clock.forward(days=1)
    assert workspace.editor.unsign_zone(zone.uuid, None) and not _zone(workspace).signed


def test_what_nobody_checks_any_longer_refutes_no_report(workspace: Workspace) -> None:
    """The setting dns.resolver was removed, or a nameserver of the parent is silent for ever."""
    name = _zone(workspace).name
    silent = replace(at_parent(name, READY), problem="ns2.nic.com did not answer", tried_at=AT + timedelta(hours=2))
    zone = _seen(workspace, signed(READY, parent=silent))
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": False})
    workspace.clock.forward(hours=1)
    with pytest.raises(Conflict, match="still had the DS"):
        _confirm(workspace, WITHDRAWN)
    workspace.clock.forward(seconds=1)
    _confirm(workspace, WITHDRAWN)
    workspace.clock.forward(days=1)
    assert workspace.editor.unsign_zone(zone.uuid, None)


def test_a_zone_whose_last_check_never_comes_is_ended_by_a_report(workspace: Workspace) -> None:
    zone = _seen(workspace, signed(READY))
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": False})
    gone = replace(signed(READY, parent=at_parent(zone.name), is_wanted=False), gone_since=AT, gone_at=AT)
    _seen(workspace, gone)
    workspace.clock.forward(days=1, hours=1)
    with pytest.raises(Conflict, match="the state is ds-expiring"):
        _confirm(workspace, WITHDRAWN)
    workspace.clock.forward(seconds=1)
    assert not workspace.editor.unsign_zone(zone.uuid, None) and _state(workspace) is SigningState.DS_EXPIRING
    _confirm(workspace, WITHDRAWN)
    assert not workspace.editor.unsign_zone(zone.uuid, None), "a DS may have come and gone meanwhile"
    workspace.clock.forward(days=1)
    assert workspace.editor.unsign_zone(zone.uuid, None)


def test_of_two_keys_both_ds_must_be_gone(workspace: Workspace) -> None:
    zone = _seen(workspace, signed(FORMER, NEW_READY))
    assert _state(workspace) is SigningState.DS_READY, "a rollover whose DS was lost"
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": False})
    _confirm(workspace, WITHDRAWN, FORMER.tag)
    assert _state(workspace) is SigningState.DS_REMOVE
    _confirm(workspace, WITHDRAWN, NEW.tag)
    assert _state(workspace) is SigningState.DS_EXPIRING


def test_a_zone_turned_off_before_its_keys_are_known_can_be_confirmed(workspace: Workspace) -> None:
    zone = workspace.editor.change_zone(workspace.owner, _zone(workspace).uuid, {"dnssec": False})
    _confirm(workspace, WITHDRAWN)
    assert _state(workspace) is SigningState.DS_EXPIRING
    _seen(workspace, signed(READY))
    workspace.clock.forward(days=1)
    assert workspace.editor.unsign_zone(zone.uuid, None), "also without checks of the parent"


def test_a_rollover_publishes_the_new_ds_before_the_former_is_withdrawn(workspace: Workspace) -> None:
    zone = _seen(workspace, signed(READY))
    with pytest.raises(Conflict, match="the state is ds-ready"):
        workspace.editor.roll_keys(workspace.owner, zone.uuid)
    _confirm(workspace, PUBLISHED)
    workspace.editor.roll_keys(workspace.owner, zone.uuid)
    with pytest.raises(Conflict, match="requested already"):
        workspace.editor.roll_keys(workspace.owner, zone.uuid)
    _seen(workspace, signed(FORMER, NEW))
    assert _state(workspace) is SigningState.ROLLING
    with pytest.raises(Conflict, match=f"the DS of key {NEW.tag} is not to be at the parent yet"):
        _confirm(workspace, PUBLISHED)
    with pytest.raises(Conflict, match="turn DNSSEC off when it has ended"):
        workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": False})
    _seen(workspace, signed(FORMER, NEW_READY))
    with pytest.raises(Conflict, match="confirm it as published first"):
        _confirm(workspace, WITHDRAWN, FORMER.tag)
    with pytest.raises(Conflict, match=f"only that of key {NEW.tag} can"):
        _confirm(workspace, PUBLISHED, FORMER.tag)
    _confirm(workspace, PUBLISHED, NEW.tag)
    _confirm(workspace, WITHDRAWN)
    known = signing.get(_zone(workspace))
    assert known and {tag: one.report for tag, one in known.confirmations.items()} == {
        FORMER.tag: WITHDRAWN,
        NEW.tag: PUBLISHED,
    }
    assert _state(workspace) is SigningState.ROLLING, "until named has ended it"
    _seen(workspace, signed(NEW_READY))
    assert _state(workspace) is SigningState.SECURED


def test_the_former_ds_is_not_withdrawn_while_the_parent_shows_it(workspace: Workspace) -> None:
    name = _zone(workspace).name
    _seen(workspace, signed(FORMER, NEW_READY, parent=at_parent(name, FORMER, NEW)))
    with pytest.raises(Conflict, match="still had the DS"):
        _confirm(workspace, WITHDRAWN)
    _seen(workspace, signed(FORMER, NEW_READY, parent=at_parent(name, NEW, at=AT + timedelta(minutes=10))))
    assert _confirm(workspace, WITHDRAWN).dnssec


def test_a_token_limited_to_records_reports_nothing(workspace: Workspace) -> None:
    zone = _seen(workspace, signed(READY))
    limited = replace(workspace.owner, limits=TokenLimits(record_types=("TXT",)))
    with pytest.raises(NotPermitted, match="limited to some records"):
        workspace.editor.confirm_ds(limited, zone.uuid, PUBLISHED)
    with pytest.raises(NotPermitted, match="limited to some records"):
        workspace.editor.roll_keys(limited, zone.uuid)
    with pytest.raises(NotPermitted, match="limited to some records"):
        workspace.editor.change_zone(limited, zone.uuid, {"dnssec": False})
