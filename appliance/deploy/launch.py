"""What the loop starts in lanes, and what it does when that ends: deployments, withdrawals, updates of the catalog."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from appliance.deploy import reconcile
from appliance.deploy.catalog import mend_catalog
from appliance.deploy.host import Host
from appliance.deploy.lanes import Lanes
from appliance.deploy.membership import Membership
from appliance.deploy.pipeline import Attempt, deploy_zones, put_back, remove_old_files, withdraw_zone
from appliance.deploy.record import Recorder
from appliance.deploy.strays import Stray, remove_stray
from appliance.deploy.verify import Verifier, Watch
from appliance.deploy.waiting import Waiting
from appliance.editing import Editor
from appliance.errors import ApplianceError
from appliance.questions.soa import Question
from appliance.store.database import Store
from appliance.store.outcomes import Standing

log = logging.getLogger(__name__)

LARGE_ZONE = 5_000
"""Records from which on a zone goes through its stops alone, so that small ones need not wait for it."""
LARGEST_BATCH = 50
"""Zones that go through the stops together, with one start of the checker."""
LOAD_PATIENCE = 10.0
"""Seconds for the primary to serve a small zone after a reload; large ones get a second more per 10,000 records."""
MOST_NOTIFIES = 500
"""Zones of which secondaries are told again at one time."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts work and takes its end. `retry_soon` asks for a full turn after a failure."""

    host: Host
    store: Store
    editor: Editor
    lanes: Lanes
    zones: Waiting
    verifier: Verifier
    membership: Membership
    recorder: Recorder
    monotonic: Callable[[], float]
    retry_soon: Callable[[], None]

    def launch_ready(self) -> None:
        """Start what waits, is in no lane, and has had its rest."""
        ready = self.zones.take_ready(self.monotonic())
        for batch in _batches(standing for standing in ready if not standing.deleted):
            self._deploy(batch)
        for standing in ready:
            if standing.deleted:
                self._withdraw(standing)

    def send_members(self) -> None:
        """Send what the catalog should be told, unless an update is under way."""
        update = self.membership.next_update()
        if update is None:
            return

        def failed(error: ApplianceError) -> None:
            log.warning("event=catalog-failed reason=%r", str(error))
            self.membership.fail()
            self.retry_soon()

        change = self.host.updates.change
        self.lanes.start(
            lambda: change(update.remove, update.add, update.serial), lambda _: self.membership.confirm(), failed
        )

    def mend_catalog(self) -> None:
        """Give the primary a catalog again; secondaries keep their members until the next full turn adopts them."""

        def failed(error: ApplianceError) -> None:
            log.warning("event=catalog-not-mended reason=%r", str(error))

        self.lanes.start(lambda: mend_catalog(self.host), lambda _: self.retry_soon(), failed)

    def remove_stray(self, stray: Stray) -> None:
        """Take away what an operator allowed to be removed: a zone that the store never knew."""
        self.membership.remove({stray.label: stray.name})
        self.lanes.start(lambda: remove_stray(stray, self.host), lambda _: None, _log_failure)

    def notify(self, lagging: Iterable[Question]) -> None:
        """Tell secondaries that answer with an older serial: a NOTIFY of the primary may have been lost."""
        told = list(itertools.islice(lagging, MOST_NOTIFIES))
        if told:
            self.lanes.start(lambda: reconcile.notify_all(told, self.host), lambda _: None, _log_failure)

    def put_back(self, watch: Watch) -> None:
        """Give a file that the primary did not take up its former content; its name is free when that is done."""

        def failed(error: ApplianceError) -> None:
            self.zones.release(watch.name)
            _log_failure(error)

        self.lanes.start(
            lambda: put_back(watch.uuid, watch.name, self.host), lambda _: self.zones.release(watch.name), failed
        )

    def remove_old_files(self, now: datetime) -> None:
        """Unlink what zones left behind that were removed long ago."""
        self.lanes.start(lambda: remove_old_files(self.host, self.store, now), lambda _: None, _log_failure)

    def _deploy(self, batch: list[Standing]) -> None:
        records = {standing.uuid: standing.record_count for standing in batch}
        names = [(standing.uuid, standing.name) for standing in batch]

        def done(attempts: list[Attempt]) -> None:
            for attempt in attempts:
                self._take_attempt(attempt, records[attempt.uuid])
            for attempt in attempts:  # last: a store that takes no write must keep no name busy
                self.recorder.attempt(attempt.uuid, attempt.serial, attempt.error)

        def failed(error: ApplianceError) -> None:
            done([Attempt(one.uuid, one.name, one.serial, f"deploy: {error}") for one in batch])

        self.lanes.start(lambda: deploy_zones(names, self.host, self.store, self.editor.raise_serial), done, failed)

    def _take_attempt(self, attempt: Attempt, records: int) -> None:
        """Watch for what was handed over; what was not is tried again with the next full turn."""
        if attempt.error is None:
            patience = LOAD_PATIENCE + records / 10_000
            self.verifier.watch(attempt.uuid, attempt.name, attempt.serial, self.monotonic(), patience, holds=True)
        else:
            self.zones.release(attempt.name)
            self.retry_soon()

    def _withdraw(self, standing: Standing) -> None:
        self.membership.leave(standing.uuid, standing.name)

        def done(_: None) -> None:
            self.zones.release(standing.name)  # a zone made anew need not wait for a silent secondary
            self.verifier.watch(standing.uuid, standing.name, None, self.monotonic())

        def failed(error: ApplianceError) -> None:
            self.zones.release(standing.name)
            self.recorder.attempt(standing.uuid, standing.serial, f"withdraw: {error}")
            self.retry_soon()

        self.lanes.start(lambda: withdraw_zone(standing.name, self.host), done, failed)


def _batches(standings: Iterable[Standing]) -> Iterator[list[Standing]]:
    """Large zones alone, small ones up to `LARGEST_BATCH` together."""
    small: list[Standing] = []
    for standing in standings:
        if standing.record_count >= LARGE_ZONE:
            yield [standing]
        else:
            small.append(standing)
    yield from (small[start : start + LARGEST_BATCH] for start in range(0, len(small), LARGEST_BATCH))


def _log_failure(error: ApplianceError) -> None:
    log.warning("event=lane-failed reason=%r", str(error))
