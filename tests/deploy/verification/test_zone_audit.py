"""The audit: which zones are compared at one time, and what follows from a difference."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from appliance.addresses import Nameserver
from appliance.deploy.context import DeployerContext, new_context
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.publications import FileChanges
from appliance.deploy.publishing.raised_serials import RaisedSerials
from appliance.deploy.reconciliation.reconcile import Plan, Snapshot
from appliance.deploy.verification.comparing_process import ComparingProcess
from appliance.deploy.verification.whole_zone import ContentMatch, StoredContent, ToCompare, ZoneComparison
from appliance.deploy.verification.zone_audit import MOST_FAILURES, MOST_RECORDS, MOST_ZONES, ZoneAudit, choose
from appliance.errors import CommandFailed
from appliance.settings import DeployerSettings
from appliance.store import deployments, zones
from appliance.store.deployments import ZoneStatus
from tests.deploy.builders import CATALOG, answered, expected, zone_status
from tests.deploy.jobs import handle_jobs_until
from tests.workspace import Workspace


class Verdicts(ComparingProcess):
    """A process that finds these zones different at these nameservers, by name, and records what it compares."""

    def __init__(self, source: StoredContent) -> None:
        super().__init__(source)
        self.compared: list[Sequence[ToCompare]] = []
        self.differing: dict[UUID, Collection[str]] = {}
        self.serials: dict[UUID, int] = {}
        self.failure = ""

    def compare(self, compared: Sequence[ToCompare]) -> list[ZoneComparison]:
        """Return the verdicts at once, or fail."""
        self.compared.append(compared)
        if self.failure:
            raise CommandFailed(("compare",), self.failure)
        return [
            ZoneComparison(uuid, server, self.serials[uuid], self._verdict(uuid, server))
            for uuid, servers, _ in compared
            for server in servers
        ]

    def _verdict(self, uuid: UUID, server: Nameserver) -> ContentMatch:
        return ContentMatch.DIFFERS if server.name in self.differing.get(uuid, ()) else ContentMatch.SAME


@dataclass
class Scene:
    """An audit whose time the test sets, and zones of the store that both nameservers serve."""

    context: DeployerContext
    audit: ZoneAudit
    process: Verdicts
    times: list[float]
    statuses: list[ZoneStatus] = field(default_factory=list)

    def start(self, doubtful: Sequence[ZoneStatus] = (), altered: Collection[UUID] = ()) -> None:
        """Start the audit as after a reconciliation, and handle what it finds."""
        servers = self.context.host.nameservers
        answers = {
            (server, one.name): answered(server, str(one.name), one.serial)
            for one in self.statuses
            for server in servers
        }
        self.process.serials = {one.uuid: one.serial for one in (*self.statuses, *doubtful)}
        files = FileChanges(altered=frozenset(altered))
        snapshot = Snapshot(servers, CATALOG, self.statuses, answers, {}, expected, files=files)
        self.audit.start(snapshot, Plan(live=self.statuses, doubtful=list(doubtful)))

    def change(self, status: ZoneStatus) -> None:
        """Raise the serial of the zone, which both nameservers then serve."""
        self.context.editor.raise_serial(status.uuid, status.serial)
        self.statuses = deployments.statuses()

    def run_until(self, condition: Callable[[], object], what: str) -> None:
        """Handle the ends of jobs until the condition is true."""
        handle_jobs_until(self.context, condition, what)

    def audit_once(self, doubtful: Sequence[ZoneStatus] = (), altered: Collection[UUID] = ()) -> None:
        """Let the interval pass, and compare the next zones."""
        done = len(self.process.compared) + 1
        self.times[0] += self.context.schedule.interval
        self.start(doubtful, altered)
        self.run_until(lambda: len(self.process.compared) == done and not self.audit.is_running, "zones are compared")


@pytest.fixture
def scene(host: PrimaryHost, workspace: Workspace) -> Iterator[Scene]:
    times = [1000.0]
    context = new_context(
        host, workspace.store, workspace.editor, DeployerSettings(), workspace.clock, lambda: times[0]
    )
    process = Verdicts(StoredContent(workspace.store.path, host.apex, host.transfer_key))
    with closing(context.verifier), closing(context.workers):
        scene = Scene(context, ZoneAudit(context, process, RaisedSerials(context)), process, times)
        for domain in ("audited.example", "audited.test"):
            workspace.zone(domain)
        scene.statuses = deployments.statuses()
        scene.start()
        assert process.compared == [], "the first part is compared an interval after the start"
        yield scene


def test_zones_in_doubt_come_first_and_large_ones_alone() -> None:
    zones = sorted((zone_status(records=10) for _ in range(MOST_ZONES + 50)), key=lambda one: one.uuid.int)
    doubtful = [zone_status("doubt.example", records=MOST_RECORDS - 15), zone_status("more.example", records=16)]
    chosen = choose(zones, doubtful, None)
    assert chosen.doubtful == doubtful[:1] and chosen.others == zones[:1] and not chosen.is_last
    chosen = choose(zones, [], zones[0].uuid)
    assert chosen.others == zones[1 : MOST_ZONES + 1] and not chosen.is_last
    chosen = choose(zones, [], zones[MOST_ZONES].uuid)
    assert chosen.others == zones[MOST_ZONES + 1 :] and chosen.is_last
    assert choose(zones, [], zones[-1].uuid).others == zones[:MOST_ZONES], "zones that have gone end no cycle"
    large = [zone_status(records=2 * MOST_RECORDS) for _ in range(2)]
    assert len(choose(large, [], None).others) == 1
    nothing = choose([], [], None)
    assert not nothing.others and not nothing.is_last


def test_zones_whose_file_is_to_be_written_again_are_compared_later(scene: Scene) -> None:
    rewritten, other = (one.uuid for one in scene.statuses)
    scene.audit_once()
    scene.change(scene.statuses[0])
    scene.audit_once(altered=[rewritten])
    assert {one.uuid for one in scene.process.compared[-1]} == {other}
    scene.audit_once()
    assert {one.uuid for one in scene.process.compared[-1]} == {rewritten, other}


def test_equal_zones_are_counted_and_the_age_of_the_cycle_follows(scene: Scene, workspace: Workspace) -> None:
    began = workspace.clock().timestamp()
    scene.audit_once()
    names = [server.name for server in scene.context.host.nameservers]
    assert scene.context.figures.values["audited_zones"] == dict.fromkeys(names, 2)
    assert scene.context.figures.values["audited_since"] == {"": began}
    workspace.clock.forward(seconds=30)
    scene.audit_once()
    assert scene.context.figures.values["audited_since"] == {"": began}, "that of the cycle that has just ended"
    workspace.clock.forward(seconds=30)
    scene.audit_once()
    assert scene.context.figures.values["audited_since"] == {"": began + 30}
    assert scene.audit.faults == [] and "audit_differences" not in scene.context.figures.values


def test_the_secondaries_of_a_zone_that_has_changed_are_compared_with_what_changed(scene: Scene) -> None:
    status, secondaries = scene.statuses[0], list(scene.context.host.secondaries)
    scene.audit_once()
    assert all(one.base is None for one in scene.process.compared[-1])
    scene.change(status)
    scene.audit_once()
    assert [one for one in scene.process.compared[-1] if one.base] == [
        ToCompare(status.uuid, secondaries, status.serial)
    ]
    scene.audit_once()
    assert all(one.base is None for one in scene.process.compared[-1]), "it is proven"
    changed = scene.statuses[0]
    scene.process.differing = {status.uuid: ["ns2.appliance.test"]}
    scene.change(changed)
    scene.audit_once()
    assert scene.audit.faults
    scene.process.differing = {}
    scene.audit_once()
    assert [one.base for one in scene.process.compared[-1] if one.base] == [changed.serial], "it is compared again"


def test_a_zone_that_differs_on_the_primary_gets_a_later_serial(scene: Scene) -> None:
    status = scene.statuses[0]
    scene.process.differing = {status.uuid: ["ns1.appliance.test", "ns2.appliance.test"]}
    scene.audit_once()
    (fault,) = scene.audit.faults
    assert fault.subject == "content of audited.example" and "ns1.appliance.test, ns2.appliance.test" in fault.text
    scene.run_until(lambda: scene.context.zones.stage(status.name), "it is requested again")
    raised = zones.get_any(status.uuid).serial
    assert raised != status.serial
    scene.process.differing, scene.statuses = {}, deployments.statuses()
    scene.audit_once()
    assert scene.audit.faults == []


def test_a_deleted_zone_is_no_longer_reported(scene: Scene) -> None:
    scene.process.differing = {scene.statuses[0].uuid: ["ns2.appliance.test"]}
    scene.audit_once()
    assert scene.audit.faults
    del scene.statuses[0]
    scene.audit_once()
    assert scene.audit.faults == []


def test_a_zone_that_differs_on_a_secondary_alone_is_dropped_there_and_joins_again(scene: Scene) -> None:
    status = scene.statuses[0]
    scene.context.members.learn({status.name: status.uuid.hex})
    scene.process.differing = {status.uuid: ["ns2.appliance.test"]}
    scene.audit_once()
    update = scene.context.members.next_update()
    assert update and list(update.remove.values()) == [status.name]
    assert scene.context.schedule.due < scene.times[0] + scene.context.schedule.interval
    assert scene.context.figures.values["audit_differences"] == {"ns2.appliance.test": 1}
    assert zones.get_any(status.uuid).serial == status.serial


def test_a_doubt_about_a_file_ends_with_a_refresh_or_a_later_serial(scene: Scene) -> None:
    same, differs = scene.statuses
    scene.statuses = []
    scene.process.differing = {differs.uuid: ["ns1.appliance.test"]}
    scene.start([same, differs])
    assert scene.audit.has_doubts
    scene.run_until(
        lambda: scene.process.compared and not scene.audit.has_doubts, "zones in doubt are compared at once"
    )
    assert not scene.context.refresher.is_idle
    scene.run_until(lambda: scene.context.zones.stage(differs.name), "the other one is requested again")


def test_a_process_that_fails_is_left_to_the_next_time(scene: Scene) -> None:
    scene.process.serials = {}
    status, scene.statuses = scene.statuses[0], []
    scene.audit.start(Snapshot((), CATALOG, [], {}, {}, expected), Plan(doubtful=[status]))
    scene.run_until(lambda: not scene.audit.is_running, "it has failed")
    scene.statuses = [status]
    scene.audit_once()
    assert scene.context.figures.values["audited_zones"]


def test_an_audit_that_keeps_failing_is_a_problem_until_it_succeeds(scene: Scene) -> None:
    scene.process.failure = "the process ended"
    for _ in range(MOST_FAILURES):
        scene.audit_once()
        assert not scene.audit.faults
    for _ in range(2):
        scene.audit_once()
        assert [(one.subject, "the process ended" in one.text) for one in scene.audit.faults] == [("audit", True)]
    scene.process.failure = ""
    scene.audit_once()
    assert not scene.audit.faults


def test_a_zone_that_differs_after_each_repair_is_repaired_less_and_less_often(scene: Scene) -> None:
    status = scene.statuses[0]
    scene.process.differing = {status.uuid: ["ns1.appliance.test"]}
    for _ in range(20):
        scene.audit_once()
        scene.run_until(lambda: not scene.audit.raised.running, "its serial is raised")
        scene.statuses = deployments.statuses()
    assert scene.statuses[0].serial - status.serial == 4, "after 0, 60, 180 and 420 of 570 seconds"
    assert scene.audit.faults
