"""A zone is turned off while its keys are lost, the deployer was away, or the clock is set: it ends, and safely."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.signing.parent_lookups import Pending
from appliance.store import signing
from appliance.zones.model import Zone
from appliance.zones.parent_checks import ParentFindings
from appliance.zones.signing import (
    BETWEEN_CHECKS,
    DEFAULT_DS_TTL,
    DsReport,
    ParentCheck,
    SigningProblem,
    SigningState,
)
from appliance.zones.signing_problems import problems_of
from tests.deploy.signing.signer import Signer, new_signer
from tests.pair import Pair
from tests.signing import at_parent
from tests.workspace import Workspace

MINUTES = BETWEEN_CHECKS / timedelta(minutes=1)


@pytest.fixture
def signer(request: pytest.FixtureRequest, workspace: Workspace, host: PrimaryHost, pair: Pair) -> Signer:
    """A zone of each test that both nameservers serve signed."""
    domain = f"z{abs(hash(request.node.name))}.disturbed.test"
    found = new_signer(domain, workspace, host, pair, lambda zone: workspace.add(zone, "A", "www", "192.0.2.1"))
    found.turn(True)
    found.wait_until_served()
    found.wait_for_state(SigningState.DS_WAIT)
    return found


def report(signer: Signer, ds: DsReport) -> None:
    signer.workspace.editor.confirm_ds(signer.workspace.owner, signer.zone.uuid, ds)


def test_without_its_folder_of_keys_a_zone_is_turned_off_and_signed_with_other_keys(
    signer: Signer, tmp_path: Path
) -> None:
    """No backup has the keys: this is the way out."""
    former = signer.known.keys
    shutil.rmtree(signer.host.files.key_folder(signer.zone.uuid))
    signer.check()
    assert signer.known.keys == former
    assert SigningProblem.KEYS_MISSING in problems_of(signer.known, signer.zone.name, signer.workspace.clock())
    signer.turn(False)
    report(signer, DsReport.WITHDRAWN)
    signer.check_after(seconds=DEFAULT_DS_TTL)
    assert not signer.zone.signed and signer.publish() is None
    signer.wait_until_served()
    signer.wait_for_state(SigningState.UNSIGNED)
    signer.turn(True)
    signer.wait_until_served()
    signer.wait_for_state(SigningState.DS_WAIT)
    (key,) = signer.known.keys
    assert key.public_key not in {one.public_key for one in former}
    assert [one.fault(f"www.{signer.zone.name}", "A") for one in signer.validators(tmp_path)] == ["", ""]


def test_no_step_fails_for_a_folder_of_keys_that_is_none(signer: Signer) -> None:
    folder = signer.host.files.key_folder(signer.zone.uuid)
    folder.rename(aside := folder.with_name("aside"))
    folder.write_text("no folder")
    signer.check()
    assert signer.known.lacks_keys
    folder.unlink()
    aside.rename(folder)
    signer.check()
    assert not signer.known.lacks_keys


def test_a_deployer_that_was_away_checks_the_parent_before_it_ends_signing(signer: Signer) -> None:
    """A user reported the DS as gone, and it is not."""
    signer.turn(False)
    report(signer, DsReport.WITHDRAWN)

    def begin(_zone: Zone, _now: datetime) -> ParentCheck | None:
        raise Pending

    signer.check_parent = begin
    signer.check_after(days=9)
    assert signer.zone.signed
    signer.check_parent = lambda zone, now: at_parent(zone.name, *signer.known.keys, at=now)
    assert signer.check_after(seconds=1) is SigningState.DS_REMOVE


def test_a_check_that_never_comes_is_awaited_without_haste(signer: Signer) -> None:
    """The setting dns.resolver was removed, so nobody checks the parent."""
    clock, uuid = signer.workspace.clock, signer.zone.uuid
    signer.turn(False)
    with signer.workspace.store.writing():
        check = at_parent(signer.zone.name, at=clock())
        signing.store_findings(uuid, ParentFindings(check, clock(), clock(), DEFAULT_DS_TTL))
    clock.forward(days=2)
    signer.steps().step()
    assert signer.state is SigningState.DS_EXPIRING
    assert signing.due(clock() + BETWEEN_CHECKS - timedelta(seconds=1), 9) == []
    assert signing.due(clock() + BETWEEN_CHECKS, 9) == [uuid]


def test_a_clock_that_was_years_ahead_delays_nothing(signer: Signer) -> None:
    clock = signer.workspace.clock
    now = clock()
    signer.check_parent = lambda zone, moment: at_parent(zone.name, at=moment)
    clock.forward(days=3650)
    signer.turn(False)
    signer.check()
    assert signer.check_after(minutes=MINUTES) is SigningState.DS_EXPIRING
    clock.now = now
    signer.check()
    assert signer.state is SigningState.DS_REMOVE and signer.known.since == now
    assert signer.check_after(minutes=MINUTES) is SigningState.DS_EXPIRING
    signer.check_after(seconds=DEFAULT_DS_TTL)
    assert not signer.zone.signed


def test_a_report_under_a_clock_that_was_years_ahead_is_not_the_last_word(signer: Signer) -> None:
    clock = signer.workspace.clock
    now = clock()
    clock.forward(days=3650)
    report(signer, DsReport.PUBLISHED)
    assert signer.state is SigningState.SECURED
    clock.now = now
    signer.check()
    signer.check_parent = lambda zone, moment: at_parent(zone.name, at=moment)
    assert signer.check_after(minutes=MINUTES) is SigningState.SECURED, "once"
    assert signer.check_after(minutes=MINUTES) is SigningState.DS_WAIT
