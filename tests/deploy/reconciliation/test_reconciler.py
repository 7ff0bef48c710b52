"""Reconciliation with nameservers that answer SOA queries alone: what differs from the store is repaired."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dns.name import Name

from appliance.deploy.context import DeployerContext, new_context
from appliance.deploy.dispatcher import Dispatcher
from appliance.deploy.publishing.publications import FileChanges
from appliance.deploy.publishing.raised_serials import RaisedSerials
from appliance.deploy.reconciliation.comparison import Comparison
from appliance.deploy.reconciliation.reconcile import Plan, Snapshot
from appliance.deploy.reconciliation.reconciler import MOST_IN_STEP, Reconciler
from appliance.deploy.verification.comparing_process import ComparingProcess
from appliance.deploy.verification.whole_zone import StoredContent
from appliance.deploy.verification.zone_audit import ZoneAudit
from appliance.deploy.worker_pool import Worker, WorkerPool
from appliance.editing import Editor
from appliance.settings import DeployerSettings
from appliance.store import deployments, statistics
from appliance.store.deployments import ZoneStatus
from appliance.zones.catalog import member_label
from appliance.zones.deployment import NameserverState, Observation
from appliance.zones.model import Zone
from appliance.zones.serial import is_later
from tests.deploy.builders import CATALOG, NS1, NS2, answered, expected, zone_status
from tests.deploy.many_zones import ManyZones, many_zones
from tests.deploy.reconciliation.test_reconcile_schedule import Seconds
from tests.deploy.test_size import GatedChecker, started, step_until
from tests.deployed import store_attempt


@pytest.fixture
def three(tmp_path: Path) -> Iterator[ManyZones]:
    """Three zones, all served by both nameservers."""
    with many_zones(tmp_path, 3) as created:
        created.all_served()
        yield created


def test_what_is_as_it_should_be_is_left_alone(three: ManyZones, tmp_path: Path) -> None:
    with started(three, tmp_path):
        before = [(one.serial, one.attempted, one.live_serial, one.error) for one in three.zones]
        assert [(one.serial, one.attempted, one.live_serial, one.error) for one in deployments.statuses()] == before
        assert sum(one.observations for one in three.store.transactions) == 0


def test_a_zone_is_live_only_while_every_nameserver_serves_it(three: ManyZones, tmp_path: Path) -> None:
    zone = three.zones[1]
    with started(three, tmp_path, reconcile_interval=1) as deployer:
        assert statistics.count_by_state() == {"live": 3}
        three.ns2.serials.pop(zone.name.to_digestable())
        step_until(deployer, lambda: statistics.count_by_state() == {"live": 2, "deploying": 1}, "it is refused")
        three.ns2.serve(zone.name, zone.serial)
        step_until(deployer, lambda: statistics.count_by_state() == {"live": 3}, "it is served again")
        three.ns2.is_silent = True
        step_until(deployer, lambda: statistics.count_by_state() == {"deploying": 3}, "the nameserver is silent")
        three.ns2.is_silent = False
        step_until(deployer, lambda: statistics.count_by_state() == {"live": 3}, "it answers again")


def test_a_silent_primary_is_handed_what_has_changed_and_nothing_else(three: ManyZones, tmp_path: Path) -> None:
    checker = GatedChecker()
    checker.gate.set()
    three.host = replace(three.host, checker=checker)
    changed = three.zones[0]
    with started(three, tmp_path, reconcile_interval=1) as deployer:
        three.ns1.is_silent = True
        step_until(deployer, lambda: statistics.count_by_state() == {"deploying": 3}, "the primary is silent")
        three.raise_all([changed])
        before = deployer.reconciliations
        step_until(deployer, lambda: deployer.reconciliations > before and checker.batches, "everything is compared")
        assert {zone for batch in checker.batches for zone in batch} == {str(changed.name)}
        three.ns1.is_silent = False
        step_until(deployer, lambda: statistics.count_by_state().get("live") == 2, "it answers again")


def test_the_error_of_an_attempt_ends_when_the_zone_is_served(three: ManyZones, tmp_path: Path) -> None:
    zone = three.zones[1]
    with three.store.writing():
        store_attempt(zone.uuid, zone.serial, "reload: refused")
    with started(three, tmp_path) as deployer:
        step_until(deployer, lambda: deployments.statuses([zone.uuid])[0].error is None, "no error is left")


def test_a_former_nameserver_keeps_no_zone_from_being_live(three: ManyZones, tmp_path: Path) -> None:
    gone = Observation("ns3.appliance.test", None, NameserverState.UNREACHABLE, three.workspace.clock())
    with three.store.writing():
        deployments.store_all({}, {zone.uuid: [gone] for zone in three.zones})
    assert statistics.count_by_state() == {"deploying": 3}
    with started(three, tmp_path):
        assert statistics.count_by_state() == {"live": 3}


def test_a_file_that_was_altered_is_written_again_under_a_later_serial(three: ManyZones, tmp_path: Path) -> None:
    zone = three.zones[1]
    three.host.files.path(zone.uuid).write_bytes(b"touched")
    with started(three, tmp_path) as deployer:
        step_until(deployer, lambda: deployments.statuses([zone.uuid])[0].serial != zone.serial, "a later serial")
        step_until(deployer, lambda: three.host.files.read_live(zone.uuid) != b"touched", "written")
    assert [one.serial for one in deployments.statuses() if one.uuid != zone.uuid] == [zone.serial] * 2


def test_changed_settings_are_one_line_in_the_log(
    three: ManyZones, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "appliance.deploy")
    with started(three, tmp_path):
        pass
    three.host = replace(three.host, apex=replace(three.host.apex, minimum=77))
    with started(three, tmp_path) as deployer:
        step_until(deployer, lambda: all(is_attempted(zone.uuid) for zone in three.zones), "all are published again")
    assert [line for line in caplog.messages if "settings-changed" in line] == ["event=settings-changed zones=3"]
    assert [line for line in caplog.messages if "serial-raised" in line or "file-touched" in line] == []


def test_a_deleted_zone_that_nobody_serves_counts_as_removed(three: ManyZones, tmp_path: Path) -> None:
    zone = three.zones[1]
    three.workspace.editor.delete_zone(three.workspace.owner, zone.uuid)
    for server in (three.ns1, three.ns2):
        server.serials.pop(zone.name.to_digestable())
    with started(three, tmp_path) as deployer:
        step_until(deployer, lambda: len(deployments.statuses()) == 2, "it is removed")


def test_files_of_a_removed_zone_stay_when_a_deployer_starts_with_a_wrong_clock(
    three: ManyZones, tmp_path: Path
) -> None:
    zone = three.zones[1]
    three.workspace.editor.delete_zone(three.workspace.owner, zone.uuid)
    deployments.store_removed(zone.uuid, three.workspace.clock())
    three.workspace.clock.forward(days=365)
    with started(three, tmp_path):
        pass
    assert three.host.files.path(zone.uuid).exists()


class HeldEditor(Editor):
    """An editor that raises the serial of one zone only once it is released."""

    held: UUID
    released: threading.Event

    def raise_serial(self, uuid: UUID, served: int) -> Zone:
        """Raise the serial, once released if it is that zone's."""
        if uuid == self.held:
            assert self.released.wait(60)
        return super().raise_serial(uuid, served)


def test_a_zone_that_is_deleted_while_others_are_raised_is_not_published_again(
    three: ManyZones, tmp_path: Path
) -> None:
    zone, last, served = three.zones[0], three.zones[2], three.zones[0].serial + 5
    editor = HeldEditor(**{one.name: getattr(three.workspace.editor, one.name) for one in fields(Editor)})
    object.__setattr__(editor, "held", last.uuid)
    object.__setattr__(editor, "released", threading.Event())
    three.workspace.editor = editor
    for server in (three.ns1, three.ns2):
        for one in three.zones:
            server.serve(one.name, served)
    with started(three, tmp_path) as deployer:
        step_until(deployer, lambda: is_later(deployments.statuses([zone.uuid])[0].serial, served), "it is raised")
        editor.delete_zone(three.workspace.owner, zone.uuid)
        for server in (three.ns1, three.ns2):
            server.serials.pop(zone.name.to_digestable())
        step_until(deployer, lambda: deployments.statuses([zone.uuid])[0].removed, "it is removed")
        three.host.files.path(zone.uuid).unlink()
        editor.released.set()
        step_until(deployer, lambda: is_later(deployments.statuses([last.uuid])[0].serial, served), "all are raised")
        step_until(deployer, lambda: is_attempted(last.uuid), "the last is handed over")
        assert not three.host.files.path(zone.uuid).exists()


class Compared(WorkerPool):
    """Workers that return this comparison to a reconciliation, and do nothing else."""

    found: Comparison

    def start(
        self, _job: object, done: Callable[[Any], None], _failed: object, worker: Worker = Worker.MAINTENANCE
    ) -> None:
        """End a comparison."""
        if worker is Worker.RECONCILIATION:
            done(self.found)


def test_a_lost_catalog_is_later_than_that_of_a_secondary_only_with_all_of_its_members(
    three: ManyZones, tmp_path: Path
) -> None:
    zones = [zone_status(f"zone-{number}.example") for number in range(2 * MOST_IN_STEP)]
    labels = {one.name: member_label(one.uuid) for one in zones}
    answers = {(server, CATALOG): answered(server, str(CATALOG), serial) for server, serial in ((NS1, 1), (NS2, 5))}
    ahead = {label: name for name, label in labels.items()}
    snapshot = Snapshot((NS1, NS2), CATALOG, zones, answers, {}, expected, ahead=ahead)
    found = Comparison(snapshot, Plan(join=zones), {}, set(), {NS1, NS2}, set(), (), (), {}, ())
    with reconciling(three, found, time.monotonic) as (context, reconciler):
        reconciler.step()
        reconciler.step()
        first = context.members.next_update()
        assert first and reconciler.is_running
        assert (first.add, first.serial) == (ahead, 6)


def test_a_zone_that_was_restored_meanwhile_stays_in_the_catalog(three: ManyZones) -> None:
    restored, deleted = (zone_status(f"{name}.example", deleted=True) for name in ("restored", "deleted"))
    members = {member_label(one.uuid): one.name for one in (restored, deleted)}
    snapshot = Snapshot((NS1, NS2), CATALOG, [restored, deleted], {}, members, expected, deleted=frozenset(members))
    listed = {name: label for label, name in members.items()}
    found = Comparison(snapshot, Plan(leave=members), {}, set(), {NS1, NS2}, set(), (), (), listed, ())
    with reconciling(three, found, time.monotonic) as (context, reconciler):
        reconciler.step()
        context.zones.request(replace(restored, deleted=False))
        reconciler.step()
        sent = context.members.next_update()
        assert sent and sent.remove == {member_label(deleted.uuid): deleted.name}


@pytest.mark.parametrize("is_refreshed", [False, True])
def test_a_file_that_was_refreshed_meanwhile_was_not_touched(
    three: ManyZones, caplog: pytest.LogCaptureFixture, is_refreshed: bool
) -> None:
    zone = zone_status()
    changes = FileChanges(doubtful=frozenset({zone.uuid}))
    snapshot = Snapshot((NS1, NS2), CATALOG, [zone], {}, {}, expected, files=changes)
    found = Comparison(snapshot, Plan(doubtful=[zone]), {}, set(), {NS1, NS2}, set(), (), (), {}, ())
    with reconciling(three, found, time.monotonic) as (context, reconciler):
        reconciler.step()
        if is_refreshed:
            context.zones.hold(zone.name)
            context.zones.release(zone.name)
        reconciler.step()
        assert ("event=file-touched zone=example.com" in caplog.messages) is not is_refreshed
        assert reconciler.audit.has_doubts is not is_refreshed


@pytest.mark.parametrize(("join", "listed"), [([], None), ([zone_status()], {})], ids=["unreadable", "refused"])
def test_a_catalog_that_is_not_repaired_has_everything_compared_less_and_less_often(
    three: ManyZones, join: list[ZoneStatus], listed: dict[Name, str] | None
) -> None:
    snapshot = Snapshot((NS1, NS2), CATALOG, join, {}, None if listed is None else {}, expected)
    found = Comparison(snapshot, Plan(join=join), {}, set(), {NS1, NS2}, set(), (), (), listed, ())
    seconds, pauses = Seconds(), list[float]()
    with reconciling(three, found, seconds) as (context, reconciler):
        for _ in range(5):
            seconds.now = context.schedule.due
            for _ in range(2):
                reconciler.step()
            if context.members.next_update():
                context.members.fail()
                context.schedule.retry_soon()
            context.recorder.flush()
            pauses.append(context.schedule.due - seconds.now)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


@contextmanager
def reconciling(
    many: ManyZones, found: Comparison, monotonic: Callable[[], float]
) -> Iterator[tuple[DeployerContext, Reconciler]]:
    """Yield a reconciler whose every comparison finds the same, and its context."""
    workspace, store = many.workspace, many.store
    pool = Compared(store)
    pool.found = found
    context = new_context(many.host, store, workspace.editor, DeployerSettings(), workspace.clock, monotonic)
    context = replace(context, workers=pool)
    raised, source = RaisedSerials(context), StoredContent(store.path, many.host.apex, many.host.transfer_key)
    audit = ZoneAudit(context, ComparingProcess(source), raised)
    with closing(context.verifier), closing(audit), closing(pool):
        yield context, Reconciler(context, Dispatcher(context), raised, audit)


def is_attempted(uuid: UUID) -> bool:
    """Return True if the deployer handed over the zone's present serial."""
    (status,) = deployments.statuses([uuid])
    return status.attempted == status.serial
