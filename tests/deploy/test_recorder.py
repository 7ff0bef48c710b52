"""Rows are written if they differ: a few in the loop, many in a worker; refused ones are written later."""

from __future__ import annotations

import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from appliance.deploy.recorder import (
    DEFERRED,
    MOST_AT_ONCE,
    MOST_IN_LOOP,
    RETRY_AFTER,
    UNAWAITED,
    Recorder,
)
from appliance.deploy.verification.reachability import SILENT_AFTER, Reachability
from appliance.deploy.worker_pool import WorkerPool
from appliance.errors import StoreError
from appliance.queries.soa import SoaResponse
from appliance.store import deployments, observations
from appliance.store.deployments import ZoneStatus
from appliance.store.file import sqlite
from appliance.zones.deployment import NameserverState
from tests.deploy.builders import expected, zone_status
from tests.deploy.many_zones import MANY, ManyZones, many_zones
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
    """Let another process hold the write lock."""
    words = (sys.executable, "-c", _LOCK, str(store))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        try:
            yield
        finally:
            process.communicate()


class Recording:
    """A recorder of many zones, with a clock that the test sets."""

    def __init__(self, many: ManyZones) -> None:
        self.many = many
        self.now = 100.0
        self.reachability = Reachability(0.0)
        self.workers = WorkerPool(many.store)
        self.recorder = Recorder(
            many.host, many.store, self.workers, many.workspace.clock, lambda: self.now, self.reachability, expected
        )
        self._poll = select.poll()
        self._poll.register(self.workers, select.POLLIN)

    def write_all(self) -> None:
        """Flush, as the loop does, until nothing is left."""

        def is_written() -> bool:
            self.recorder.flush()
            self._poll.poll(10)
            self.workers.run_callbacks()
            return self.recorder.is_idle

        wait_for(is_written, "everything is written")

    def await_end(self) -> None:
        """Wait for the end of one job."""
        self._poll.poll(30_000)
        self.workers.run_callbacks()

    def see(self, zones: list[ZoneStatus], serial: int | None) -> None:
        """Record that both nameservers serve this serial; None: that only the first answered, with the right one."""
        ns1, ns2 = self.many.host.nameservers
        for zone in zones:
            servers = (ns1,) if serial is None else (ns1, ns2)
            shown = zone.serial if serial is None else serial
            answers = {server: SoaResponse(server, zone.name, shown, 0, owner_matches=True) for server in servers}
            self.recorder.observed(zone.uuid, zone.serial, answers)

    def rows(self) -> set[tuple[str, int | None, str]]:
        """Return nameserver, serial and state of the observations in the store."""
        with closing(sqlite.connect(self.many.store.path)) as reader:
            return set(reader.execute("select nameserver, serial, state from observation"))


@contextmanager
def recording(folder: Path, count: int) -> Iterator[Recording]:
    """Yield a recorder of that many zones, for which the store holds no observation."""
    with many_zones(folder, count) as many:
        created = Recording(many)
        many.forget_counts()
        try:
            yield created
        finally:
            created.workers.close()


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Recording]:
    """A recorder of three zones."""
    with recording(tmp_path, 3) as created:
        yield created


def test_thousands_of_zones_are_written_by_a_worker_in_parts(tmp_path: Path) -> None:
    with recording(tmp_path, MANY) as created:
        zones = deployments.statuses()
        created.see(zones, zones[0].serial)
        created.write_all()
        transactions = created.many.store.transactions
        assert {one.thread for one in transactions} == {"records_0"}
        assert [one.observations for one in transactions] == [2 * MOST_AT_ONCE] * (MANY // MOST_AT_ONCE)
        assert created.rows() == {(server.name, zones[0].serial, "live") for server in created.many.host.nameservers}
        created.many.forget_counts()
        created.see(zones, zones[0].serial)
        created.write_all()
        assert transactions == []


def test_what_the_store_holds_at_the_start_is_not_written_again(tmp_path: Path) -> None:
    with recording(tmp_path, MANY) as created:
        created.many.all_live()
        created.recorder.load(observations.all_observations())
        created.see(created.many.zones, created.many.zones[0].serial)
        assert created.recorder.is_idle
        changed = created.many.zones[17]
        created.see([changed], changed.serial + 1)
        created.write_all()
        assert [(one.thread, one.observations) for one in created.many.store.transactions] == [(LOOP, 2)]


def test_a_silent_secondary_changes_its_own_rows_alone(tmp_path: Path) -> None:
    with recording(tmp_path, MANY) as created:
        created.many.all_live()
        created.recorder.load(observations.all_observations())
        created.reachability.note_query(created.many.ns2.server, created.now - 2 * SILENT_AFTER)
        created.see(created.many.zones, None)
        created.write_all()
        assert [one.observations for one in created.many.store.transactions] == [MOST_AT_ONCE] * (MANY // MOST_AT_ONCE)
        assert {state for name, _, state in created.rows() if name == created.many.ns2.server.name} == {"unreachable"}


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
    with recording(tmp_path, MOST_IN_LOOP + 1) as created:
        zones = deployments.statuses()
        created.see(zones, zones[0].serial)
        with locked(created.many.store.path):
            created.recorder.flush()
            created.await_end()
            created.recorder.flush()
        assert created.many.store.transactions == []
        created.now += RETRY_AFTER
        created.write_all()
        assert len(created.rows()) == 2


def test_a_zone_that_the_store_does_not_know_keeps_no_other_from_being_written(few: Recording) -> None:
    unknown, zone = zone_status("unknown.example"), deployments.statuses()[0]
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


def test_the_state_of_a_nameserver_follows_what_is_expected_of_it(few: Recording) -> None:
    zone = deployments.statuses()[0]
    ns2 = few.many.host.nameservers[1]
    few.recorder.expected = lambda serial, server: expected((serial or 0) + 100 * (server == ns2), server)
    few.see([zone], zone.serial)
    few.recorder.flush()
    assert {state for server, _, state in few.rows() if server == ns2.name} == {"lagging"}
    few.see([zone], zone.serial + 100)
    few.recorder.flush()
    assert {state for server, _, state in few.rows() if server == ns2.name} == {"live"}


def test_what_nobody_waits_for_is_written_with_what_follows(few: Recording) -> None:
    zone, transactions = deployments.statuses()[0], few.many.store.transactions
    few.recorder.attempt(zone.uuid, zone.serial, None)
    few.recorder.flush()
    assert (transactions, few.recorder.next_write()) == ([], few.now + DEFERRED)
    few.see([zone], zone.serial)
    few.recorder.live(zone.uuid, zone.serial)
    few.recorder.flush()
    assert (len(transactions), few.recorder.next_write()) == (1, None)
    assert deployments.statuses()[0].attempted == deployments.statuses()[0].live_serial == zone.serial


def test_what_nobody_waits_for_is_written_after_a_moment(few: Recording) -> None:
    first, second, _ = deployments.statuses()
    few.recorder.attempt(first.uuid, first.serial, None)
    few.now += DEFERRED / 2
    few.recorder.attempt(second.uuid, second.serial, None)
    few.recorder.flush()
    assert few.many.store.transactions == []
    few.now += DEFERRED / 2
    few.recorder.flush()
    assert [status.attempted for status in deployments.statuses()[:2]] == [first.serial, second.serial]
    assert len(few.many.store.transactions) == 1


def test_what_may_be_awaited_is_written_with_what_follows_while_nobody_waits(few: Recording) -> None:
    first, second, _ = deployments.statuses()
    few.recorder.live(first.uuid, first.serial)
    few.recorder.flush(is_awaited=False)
    few.now += UNAWAITED / 2
    few.recorder.live(second.uuid, second.serial)
    few.recorder.flush(is_awaited=False)
    assert few.many.store.transactions == []
    assert few.recorder.next_write() == pytest.approx(few.now + UNAWAITED / 2)
    few.now += UNAWAITED
    few.recorder.flush(is_awaited=False)
    assert (len(few.many.store.transactions), few.recorder.next_write()) == (1, None)
    assert [status.live_serial for status in deployments.statuses()[:2]] == [first.serial, second.serial]


def test_a_failed_attempt_is_written_at_once(few: Recording) -> None:
    first, second, _ = deployments.statuses()
    few.recorder.attempt(first.uuid, first.serial, None)
    few.recorder.attempt(second.uuid, second.serial, "check: refused")
    few.recorder.flush()
    assert [status.attempted for status in deployments.statuses()[:2]] == [first.serial, second.serial]
