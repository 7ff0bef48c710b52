"""A deployer of thousands of zones: what it writes, queries and starts is counted, never timed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from dns.name import Name

from appliance.deploy.dispatcher import LARGEST_BATCH, SMALL_BATCH
from appliance.deploy.loop import Deployer
from appliance.deploy.recorder import MOST_AT_ONCE, MOST_IN_LOOP
from appliance.deploy.worker_pool import ZONE_WORKERS
from appliance.errors import StoreError
from appliance.nameserver.checks import ZoneChecker
from appliance.settings import DeployerSettings
from appliance.store import deployments, statistics, wakeup
from tests.deploy.builders import CATALOG
from tests.deploy.many_zones import MANY, ManyZones, many_zones
from tests.pair import wait_for

LOOP = threading.main_thread().name
PATIENCE = 120.0
"""Seconds for a reconciliation on a busy machine."""


@contextmanager
def new_deployer(many: ManyZones, folder: Path, reconcile_interval: int = 30) -> Iterator[Deployer]:
    """Yield a deployer that has not run."""
    settings = DeployerSettings(poll_interval=10, quiet_time=0, reconcile_interval=reconcile_interval)
    with wakeup.listen(folder / "wakeups") as wakeups:
        deployer = Deployer(many.host, many.store, many.workspace.editor, settings, wakeups, many.workspace.clock)
        with closing(deployer):
            yield deployer


@contextmanager
def started(many: ManyZones, folder: Path, reconcile_interval: int = 30) -> Iterator[Deployer]:
    """Yield a deployer after its first reconciliation."""
    with new_deployer(many, folder, reconcile_interval) as deployer:
        step_until(deployer, lambda: deployer.reconciliations, "the first reconciliation")
        yield deployer


def step_until(deployer: Deployer, condition: Callable[[], object], what: str) -> None:
    """Run steps until the condition holds; after an error of the store comes the next step, as in `run`."""

    def stepped() -> object:
        with suppress(StoreError):
            deployer.step()
        return condition()

    wait_for(stepped, what, PATIENCE)


@pytest.fixture
def many(tmp_path: Path) -> Iterator[ManyZones]:
    """Zones, all served by both nameservers."""
    with many_zones(tmp_path) as created:
        created.all_served()
        yield created


def observations(many: ManyZones, thread: str = "") -> list[int]:
    """Return the rows of each transaction that wrote observations in threads whose name begins so."""
    return [one.observations for one in many.store.transactions if one.observations and one.thread.startswith(thread)]


def test_a_silent_secondary_costs_one_query_at_long_intervals(many: ManyZones, tmp_path: Path) -> None:
    name = many.ns2.server.name

    def unreachable() -> int:
        lag = statistics.lag_by_nameserver().get(name)
        return lag.unreachable if lag else 0

    with started(many, tmp_path, reconcile_interval=1) as deployer:
        assert observations(many) == []  # what the store held before the start is not written again
        many.ns2.is_silent = True
        step_until(deployer, lambda: unreachable() == MANY, "all zones are unreachable there")
        assert statistics.count_by_state() == {"deploying": MANY}
        assert sum(observations(many)) <= 2 * MANY
        assert max(observations(many, "records")) <= MOST_AT_ONCE
        assert max(observations(many, LOOP), default=0) <= 2 * MOST_IN_LOOP
        many.forget_counts()
        before = deployer.reconciliations
        step_until(deployer, lambda: deployer.reconciliations >= before + 2, "two more reconciliations")
        assert set(many.ns2.queries) == {CATALOG.to_digestable()}
        assert many.ns2.key_checks == 0
        assert observations(many) == []
        many.ns2.is_silent = False
        many.forget_counts()
        step_until(deployer, lambda: unreachable() == 0, "all zones are live there")
        assert len(set(many.ns2.queries)) == MANY + 1
        assert sum(observations(many)) == MANY
        assert max(observations(many)) <= MOST_AT_ONCE


class GatedChecker(ZoneChecker):
    """A checker that passes every zone once its gate is open, and remembers the batches in their order."""

    def __init__(self) -> None:
        super().__init__("/nowhere", "/nowhere")
        self.gate = threading.Event()
        self.batches: list[list[str]] = []

    def check(self, staged: Mapping[Name, Path], meanwhile: Callable[[], None] = lambda: None) -> dict[Name, str]:
        """Wait for the gate."""
        self.batches.append([str(name) for name in staged])
        meanwhile()
        self.gate.wait(PATIENCE)
        return {}


def test_one_edit_does_not_wait_for_a_mass_change(many: ManyZones, tmp_path: Path) -> None:
    checker = GatedChecker()
    many.host = replace(many.host, checker=checker)
    edited, *others = deployments.statuses()
    with started(many, tmp_path, reconcile_interval=3600) as deployer:
        try:
            many.raise_all(others)
            step_until(deployer, lambda: len(checker.batches) == ZONE_WORKERS, "the first batches are at the checker")
            many.raise_all([edited])
            deployer.step()
            before = len(checker.batches)
            checker.gate.set()
            step_until(deployer, lambda: any(str(edited.name) in batch for batch in checker.batches), "the edit")
        finally:
            checker.gate.set()
    position = next(number for number, batch in enumerate(checker.batches) if str(edited.name) in batch)
    assert before == ZONE_WORKERS
    assert position <= 2 * ZONE_WORKERS
    assert max(map(len, checker.batches)) <= LARGEST_BATCH
    assert any(len(batch) <= SMALL_BATCH for batch in checker.batches[:ZONE_WORKERS])
