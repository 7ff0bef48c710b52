"""What starts together, what starts alone, what is reserved for the newest, and how results are handled."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID, uuid4

import pytest
from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.context import DeployerContext, new_context
from appliance.deploy.dispatcher import LARGE_ZONE, LARGEST_BATCH, SMALL_BATCH, Dispatcher
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.pipeline import Attempt
from appliance.deploy.publishing.publisher import Expectation, SerialServed
from appliance.deploy.rollout import Stage
from appliance.deploy.verification.watch import Watch
from appliance.deploy.worker_pool import ZONE_WORKERS
from appliance.errors import CommandFailed
from appliance.keys import new_key
from appliance.nameserver.catalog import CatalogUpdates
from appliance.settings import DeployerSettings
from appliance.store import deployments
from appliance.zones.catalog import member_label
from tests.deploy.builders import NS1, answered, zone_status
from tests.deploy.jobs import handle_jobs_until
from tests.deploy.many_zones import SoaServer
from tests.pair import wait_for
from tests.workspace import Workspace


@dataclass
class Publisher:
    """A publisher that waits for its gate and records its calls; zones of `refused` fail, new ones `are_loaded`."""

    gate: threading.Event = field(default_factory=threading.Event)
    published: list[list[str]] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    are_loaded: bool = False
    restored: list[str] = field(default_factory=list)

    def publish(self, zones: Sequence[tuple[UUID, Name]]) -> list[Attempt]:
        """Return an attempt at serial 7 for each."""
        self.published.append([str(name) for _, name in zones])
        self.gate.wait(30)
        errors = ["check: no" if str(name) in self.refused else None for _, name in zones]
        return [
            Attempt(uuid, name, 7, error, is_loaded=self.are_loaded and not error)
            for (uuid, name), error in zip(zones, errors, strict=True)
        ]

    def withdraw(self, name: Name) -> None:
        """Refuse the zone, or record it."""
        self.gate.wait(30)
        if str(name) in self.refused:
            raise CommandFailed(("delzone",), "no")
        self.withdrawn.append(str(name))

    def restore(self, uuid: UUID, name: Name) -> None:
        """Record the zone."""
        self.restored.append(str(name))

    def expected(self, serial: int | None, nameserver: Nameserver) -> Expectation:
        """Return this serial, or 0."""
        return SerialServed(serial or 0)


class Dispatching:
    """A dispatcher with its context, and a publisher of the test's own."""

    def __init__(self, host: PrimaryHost, workspace: Workspace) -> None:
        self.publisher = Publisher()
        context = new_context(
            host, workspace.store, workspace.editor, DeployerSettings(quiet_time=0), workspace.clock, time.monotonic
        )
        self.context: DeployerContext = replace(context, publisher=self.publisher)
        self.dispatcher = Dispatcher(self.context)
        self._poll = select.poll()
        self._poll.register(self.context.workers, select.POLLIN)

    def end(self) -> None:
        """Wait until a job has ended."""
        self._poll.poll(30_000)
        self.context.workers.run_callbacks()

    def close(self) -> None:
        """Let all jobs end."""
        self.publisher.gate.set()
        self.context.workers.close()
        self.context.verifier.close()


@pytest.fixture
def dispatching(host: PrimaryHost, workspace: Workspace) -> Iterator[Dispatching]:
    """A dispatcher whose publisher has an open gate."""
    with closing(Dispatching(host, workspace)) as created:
        created.publisher.gate.set()
        yield created


def test_a_mass_change_leaves_a_worker_for_the_newest(dispatching: Dispatching) -> None:
    dispatching.publisher.gate.clear()
    for number in range(1000):
        dispatching.context.zones.request(zone_status(f"zone-{number}.example"))
    dispatching.dispatcher.start_ready(time.monotonic())
    wait_for(lambda: len(dispatching.publisher.published) == ZONE_WORKERS, "all workers are busy")
    sizes = sorted(map(len, dispatching.publisher.published))
    assert sizes == [SMALL_BATCH, *[LARGEST_BATCH] * (ZONE_WORKERS - 1)]
    dispatching.dispatcher.start_ready(time.monotonic())
    assert len(dispatching.context.zones) == 1000
    newest = [f"zone-{number}.example." for number in range(999, 999 - SMALL_BATCH, -1)]
    assert newest in dispatching.publisher.published


def test_large_zones_start_alone(dispatching: Dispatching) -> None:
    dispatching.context.zones.request(zone_status("large.example", records=LARGE_ZONE))
    for number in range(3):
        dispatching.context.zones.request(zone_status(f"small-{number}.example"))
    dispatching.dispatcher.start_ready(time.monotonic())
    wait_for(lambda: len(dispatching.publisher.published) == 2, "both are published")
    assert ["large.example."] in dispatching.publisher.published


def test_what_was_handed_over_is_awaited_and_what_was_refused_is_free(
    dispatching: Dispatching, workspace: Workspace
) -> None:
    good, bad = workspace.zone("good.example"), workspace.zone("bad.example")
    dispatching.publisher.refused.add("bad.example.")
    for zone in deployments.statuses():
        dispatching.context.zones.request(zone)
    dispatching.dispatcher.start_ready(time.monotonic())
    dispatching.end()
    assert dispatching.context.zones.stage(good.name) is Stage.LOADING
    assert dispatching.context.zones.stage(bad.name) is None
    assert len(dispatching.context.verifier) == 1
    dispatching.context.recorder.flush()
    errors = {zone.name: zone.error for zone in deployments.statuses()}
    assert errors == {good.name: None, bad.name: "check: no"}


def test_a_removal_is_awaited_and_one_that_was_refused_is_stored(
    dispatching: Dispatching, workspace: Workspace
) -> None:
    gone, stays = workspace.zone("gone.example"), workspace.zone("stays.example")
    for zone in (gone, stays):
        workspace.editor.delete_zone(workspace.owner, zone.uuid)
    dispatching.publisher.refused.add("stays.example.")
    for status in deployments.statuses():
        dispatching.context.zones.request(status)
    dispatching.dispatcher.start_ready(time.monotonic())
    dispatching.end()
    assert dispatching.publisher.withdrawn == ["gone.example."]
    assert dispatching.context.zones.stage(gone.name) is Stage.AWAITING_REMOVAL
    assert dispatching.context.zones.stage(stays.name) is None
    dispatching.context.recorder.flush()
    errors = {zone.name: zone.error for zone in deployments.statuses()}
    assert errors[gone.name] is None
    assert (errors[stays.name] or "").startswith("withdraw: ")


class RecordedUpdates(CatalogUpdates):
    """Updates of a catalog that are recorded and not sent: labels removed and labels added."""

    def __init__(self) -> None:
        self.sent: list[tuple[set[str], set[str]]] = []

    def change(self, remove: Iterable[str], add: Mapping[str, Name], serial: int | None = None) -> None:
        """Record the labels."""
        self.sent.append((set(remove), set(add)))


def test_secondaries_are_queried_only_once_the_catalog_lists_this_very_zone(
    host: PrimaryHost, workspace: Workspace
) -> None:
    former, newer, updates = zone_status("again.example", 7), zone_status("again.example", 8), RecordedUpdates()
    with closing(Dispatching(replace(host, updates=updates), workspace)) as dispatching:
        context, dispatcher = dispatching.context, dispatching.dispatcher
        context.members.learn({})
        context.members.join(former.uuid, former.name)
        dispatcher.send_members()
        context.zones.resume(newer.name)
        context.verifier.watch_secondaries(
            newer.uuid,
            newer.name,
            8,
            partial(dispatching.publisher.expected, 8),
            time.monotonic(),
            answered(NS1, "again.example", 8),
        )
        context.members.leave(former.uuid, former.name)
        context.members.join(newer.uuid, newer.name)
        dispatching.end()
        assert context.zones.stage(newer.name) is Stage.AWAITING_CATALOG
        while context.zones.stage(newer.name) is Stage.AWAITING_CATALOG:  # a busy secondary is asked again
            dispatcher.send_members()
            dispatching.end()
        assert context.zones.stage(newer.name) is Stage.AWAITING_SECONDARIES
    old, new = member_label(former.uuid), member_label(newer.uuid)
    assert [sent for sent in updates.sent if any(sent)] == [(set(), {old}), ({old}, set()), (set(), {new})]


@pytest.mark.parametrize("are_loaded", [True, False])
def test_a_new_zone_joins_the_catalog_once_the_primary_has_loaded_it(
    host: PrimaryHost, workspace: Workspace, *, are_loaded: bool
) -> None:
    zones, updates = [workspace.zone(f"new-{number}.example") for number in range(2)], RecordedUpdates()
    with closing(Dispatching(replace(host, updates=updates), workspace)) as dispatching:
        context, dispatcher, publisher = dispatching.context, dispatching.dispatcher, dispatching.publisher
        publisher.gate.set()
        publisher.are_loaded, publisher.refused = are_loaded, {"new-1.example."}
        context.members.learn({})
        for status in deployments.statuses():
            context.zones.request(status)
        dispatcher.start_ready(time.monotonic())
        dispatching.end()
        dispatcher.send_members()
        if are_loaded:
            handle_jobs_until(context, lambda: not context.members.is_changing, "the update was sent")
        assert context.zones.stage(zones[0].name) is Stage.LOADING  # the secondaries wait for the primary's answer
    assert updates.sent == ([(set(), {member_label(zones[0].uuid)})] if are_loaded else [])


def test_new_zones_of_a_batch_join_the_catalog_in_one_update(host: PrimaryHost, workspace: Workspace) -> None:
    updates = RecordedUpdates()
    statuses = [zone_status(f"new-{number}.example") for number in range(SMALL_BATCH + LARGEST_BATCH)]
    with closing(Dispatching(replace(host, updates=updates), workspace)) as dispatching:
        context, dispatcher, publisher = dispatching.context, dispatching.dispatcher, dispatching.publisher
        publisher.are_loaded = True
        publisher.gate.set()
        context.members.learn({})
        for status in statuses:
            context.zones.request(status)
        dispatcher.start_ready(time.monotonic())
        handle_jobs_until(context, lambda: len(context.verifier) == len(statuses), "all are handed over")
        dispatcher.send_members()
        handle_jobs_until(context, lambda: not context.members.is_changing, "the update was sent")
    assert updates.sent == [(set(), {member_label(one.uuid) for one in statuses})]


@pytest.mark.parametrize("is_readable", [True, False])
def test_the_first_new_zone_waits_for_the_catalog_alone(
    host: PrimaryHost, workspace: Workspace, *, is_readable: bool
) -> None:
    updates, new = RecordedUpdates(), zone_status("first.example")
    key = host.transfer_key if is_readable else new_key("other")
    with closing(Dispatching(replace(host, updates=updates, transfer_key=key), workspace)) as dispatching:
        context, dispatcher = dispatching.context, dispatching.dispatcher
        context.members.join(new.uuid, new.name)
        dispatcher.send_members()
        dispatching.end()
        assert context.members.is_known is is_readable
        dispatcher.send_members()
        if is_readable:
            handle_jobs_until(context, lambda: not context.members.is_changing, "the update was sent")
    assert updates.sent == ([(set(), {member_label(new.uuid)})] if is_readable else [])


@pytest.mark.parametrize(("served", "restored"), [(6, ["late.example."]), (7, []), (None, ["late.example."])])
def test_a_file_that_was_loaded_late_is_not_replaced_by_the_former_one(
    host: PrimaryHost, workspace: Workspace, served: int | None, restored: list[str]
) -> None:
    name = zone_status("late.example").name
    with closing(SoaServer("ns1.appliance.test")) as primary:
        if served:
            primary.serve(name, served)
        beside = replace(host, nameservers=(primary.server, *host.secondaries))
        with closing(Dispatching(beside, workspace)) as dispatching:
            expected = partial(dispatching.publisher.expected, 7)
            dispatching.dispatcher.restore(Watch(uuid4(), name, 7, expected, began=0.0, deadline=0.0))
            dispatching.end()
            assert dispatching.publisher.restored == restored
