"""Rows are written when they say something new: a few in the loop, many in a worker, none lost that was refused."""

from __future__ import annotations

import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from appliance.deploy.reachability import SILENT_AFTER, Reachability
from appliance.deploy.recorder import MOST_AT_ONCE, MOST_IN_LOOP, RETRY_AFTER, Recorder
from appliance.deploy.worker_pool import WorkerPool
from appliance.errors import StoreError
from appliance.store import deployments
from appliance.store.deployments import ZoneStatus
from appliance.store.file import sqlite
from appliance.zones.deployment import NameserverState
from tests.deploy.builders import standing
from tests.deploy.many_zones import ManyZones, many_zones
from tests.pair import wait_for

LOOP = threading.main_thread().name


_LOCK = """
import sys, pathlib
from appliance.store.file import sqlite
connection = sqlite.connect(pathlib.Path(sys.argv[1]))
connection.execute("begin immediate")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Another process holds the write lock."""
    words = (sys.executable, "-c", _LOCK, str(store))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        try:
            yield
        finally:
            process.communicate()


class Recording:
    """A recorder over many zones, its time the test's own, and the ends of its jobs."""

    def __init__(self, many: ManyZones) -> None:
        self.many = many
        self.now = 100.0
        self.reach = Reachability(0.0)
        self.lanes = WorkerPool(many.store)
        self.recorder = Recorder(many.host, many.store, self.lanes, many.workspace.clock, lambda: self.now, self.reach)
        self._poll = select.poll()
        self._poll.register(self.lanes, select.POLLIN)

    def write_all(self) -> None:
        """Flush, as the loop does, until nothing is left."""

        def is_written() -> bool:
            self.recorder.flush()
            self._poll.poll(10)
            self.lanes.take_ends()
            return self.recorder.is_idle

        wait_for(is_written, "everything is written")

    def await_end(self) -> None:
        """Wait for the end of one job."""
        self._poll.poll(30_000)
        self.lanes.take_ends()

    def see(self, zones: list[ZoneStatus], serial: int | None) -> None:
        """Both nameservers answered with this serial for these zones, or the second did not answer: None."""
        ns1, ns2 = self.many.host.nameservers
        for zone in zones:
            served = {ns1: zone.serial} if serial is None else {ns1: serial, ns2: serial}
            self.recorder.seen(zone.uuid, zone.serial, served)

    def rows(self) -> set[tuple[str, int | None, str]]:
        """What the store says of nameservers, without zones."""
        with closing(sqlite.connect(self.many.store.path)) as reader:
            return set(reader.execute("select nameserver, serial, state from observation"))


@contextmanager
def recording(folder: Path, count: int) -> Iterator[Recording]:
    """A recorder over that many zones, of which the store knows no answer."""
    with many_zones(folder, count) as many:
        made = Recording(many)
        many.forget_counts()
        try:
            yield made
        finally:
            made.lanes.close()


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Recording]:
    """A recorder over three zones."""
    with recording(tmp_path, 3) as made:
        yield made


def test_ten_thousand_zones_are_written_by_a_worker_in_parts(tmp_path: Path) -> None:
    with recording(tmp_path, 10_000) as made:
        zones = deployments.statuses()
        made.see(zones, zones[0].serial)
        made.write_all()
        transactions = made.many.store.transactions
        assert {one.thread for one in transactions} == {"records_0"}
        assert [one.observations for one in transactions] == [2 * MOST_AT_ONCE] * 50
        assert made.rows() == {(server.name, zones[0].serial, "live") for server in made.many.host.nameservers}
        made.many.forget_counts()
        made.see(zones, zones[0].serial)
        made.write_all()
        assert transactions == []


def test_what_the_store_holds_at_the_start_is_not_written_again(tmp_path: Path) -> None:
    with recording(tmp_path, 10_000) as made:
        made.many.all_live()
        made.recorder.load(deployments.all_seen())
        made.see(made.many.zones, made.many.zones[0].serial)
        assert made.recorder.is_idle
        changed = made.many.zones[17]
        made.see([changed], changed.serial + 1)
        made.write_all()
        assert [(one.thread, one.observations) for one in made.many.store.transactions] == [(LOOP, 2)]


def test_a_silent_secondary_changes_its_own_rows_alone(tmp_path: Path) -> None:
    with recording(tmp_path, 10_000) as made:
        made.many.all_live()
        made.recorder.load(deployments.all_seen())
        made.reach.asked(made.many.ns2.server, made.now - 2 * SILENT_AFTER)
        made.see(made.many.zones, None)
        made.write_all()
        assert [one.observations for one in made.many.store.transactions] == [MOST_AT_ONCE] * 50
        assert {state for name, _, state in made.rows() if name == made.many.ns2.server.name} == {"unreachable"}


def test_a_few_zones_are_written_in_one_transaction(few: Recording) -> None:
    zones = deployments.statuses()
    for zone in zones:
        few.recorder.attempt(zone.uuid, zone.serial, None)
        few.recorder.live(zone.uuid, zone.serial)
    few.see(zones, zones[0].serial)
    few.recorder.flush()
    assert [(one.thread, one.observations) for one in few.many.store.transactions] == [(LOOP, 6)]
    assert [(one.attempted, one.live_serial) for one in deployments.statuses()] == [
        (one.serial, one.serial) for one in zones
    ]


def test_what_the_store_refused_is_written_later_in_its_order(few: Recording) -> None:
    zone = deployments.statuses()[0]
    few.recorder.attempt(zone.uuid, zone.serial, "first")
    with locked(few.many.store.path):
        with pytest.raises(StoreError):
            few.recorder.flush()
        few.recorder.attempt(zone.uuid, zone.serial, "second")
    assert not few.recorder.is_idle
    few.recorder.flush()
    assert deployments.statuses([zone.uuid])[0].error == "second"
    assert few.recorder.is_idle


def test_a_worker_that_was_refused_tries_again(tmp_path: Path) -> None:
    with recording(tmp_path, MOST_IN_LOOP + 1) as made:
        zones = deployments.statuses()
        made.see(zones, zones[0].serial)
        with locked(made.many.store.path):
            made.recorder.flush()
            made.await_end()
            made.recorder.flush()
        assert made.many.store.transactions == []
        made.now += RETRY_AFTER
        made.write_all()
        assert len(made.rows()) == 2


def test_a_zone_that_the_store_does_not_know_keeps_no_other_from_being_written(few: Recording) -> None:
    unknown, zone = standing("unknown.example"), deployments.statuses()[0]
    few.recorder.attempt(unknown.uuid, 7, None)
    few.recorder.attempt(zone.uuid, zone.serial, None)
    few.see([unknown, zone], zone.serial)
    few.recorder.flush()
    assert few.recorder.is_idle
    assert deployments.statuses([zone.uuid])[0].attempted == zone.serial


def test_another_store_is_written_from_its_own_state(few: Recording) -> None:
    zones = deployments.statuses()
    few.see(zones, zones[0].serial)
    few.recorder.forget()
    assert few.recorder.is_idle
    assert not few.recorder.is_loaded
    few.see(zones, zones[0].serial)
    few.recorder.flush()
    assert len(few.rows()) == 2


def test_what_was_noted_is_newer_than_what_is_loaded(few: Recording) -> None:
    zone = deployments.statuses()[0]
    few.see([zone], zone.serial)
    few.recorder.load(
        {(zone.uuid, server.name): (1, NameserverState.LAGGING, True) for server in few.many.host.nameservers}
    )
    few.recorder.flush()
    few.many.forget_counts()
    few.see([zone], zone.serial)
    few.recorder.flush()
    assert few.many.store.transactions == []
