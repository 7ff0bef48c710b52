"""What the loop starts in lanes, and what it does when that ends: deployments, withdrawals, updates of the catalog."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from dns.name import Name

from appliance.deploy import reconcile
from appliance.deploy.catalog import mend_catalog, tell_catalog
from appliance.deploy.parts import Parts
from appliance.deploy.pipeline import Attempt, deploy_zones, put_back, remove_old_files, withdraw_zone
from appliance.deploy.strays import Stray, remove_stray
from appliance.deploy.verify import Watch
from appliance.errors import ApplianceError
from appliance.questions.soa import Question
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
    """Starts work and takes its end; after a failure a full turn comes soon."""

    parts: Parts

    def launch_ready(self) -> None:
        """Start what waits, is in no lane, and has had its rest."""
        ready = self.parts.zones.take_ready(self.parts.monotonic())
        for batch in _batches(standing for standing in ready if not standing.deleted):
            self._deploy(batch)
        for standing in ready:
            if standing.deleted:
                self._withdraw(standing)

    def send_members(self) -> None:
        """Send what the catalog should be told, unless an update is under way; ask secondaries of what it lists."""
        self._ask_secondaries(self.parts.membership.take_listed())
        update = self.parts.membership.next_update()
        if update is None:
            return

        def failed(error: ApplianceError) -> None:
            log.warning("event=catalog-failed reason=%r", str(error))
            self.parts.membership.fail()
            self.parts.pace.soon()

        def done(_: None) -> None:
            self.parts.membership.confirm()
            self._ask_secondaries(update.joins.values())

        self.parts.lanes.start(lambda: tell_catalog(update, self.parts.host), done, failed)

    def mend_catalog(self) -> None:
        """Give the primary a catalog again; secondaries keep their members until the next full turn adopts them."""

        def failed(error: ApplianceError) -> None:
            log.warning("event=catalog-not-mended reason=%r", str(error))

        self.parts.lanes.start(lambda: mend_catalog(self.parts.host), lambda _: self.parts.pace.soon(), failed)

    def remove_stray(self, stray: Stray) -> None:
        """Take away what an operator allowed to be removed: a zone that the store never knew."""
        self.parts.membership.remove({stray.label: stray.name})
        self.parts.lanes.start(lambda: remove_stray(stray, self.parts.host), lambda _: None, _log_failure)

    def notify(self, lagging: Iterable[Question]) -> None:
        """Tell secondaries that answer with an older serial: a NOTIFY of the primary may have been lost."""
        told = list(itertools.islice(lagging, MOST_NOTIFIES))
        if told:
            self.parts.lanes.start(lambda: reconcile.notify_all(told, self.parts.host), lambda _: None, _log_failure)

    def put_back(self, watch: Watch) -> None:
        """Give a file that the primary did not take up its former content; its name is free when that is done."""

        def failed(error: ApplianceError) -> None:
            self.parts.zones.release(watch.name)
            _log_failure(error)

        self.parts.lanes.start(
            lambda: put_back(watch.uuid, watch.name, self.parts.host),
            lambda _: self.parts.zones.release(watch.name),
            failed,
        )

    def remove_old_files(self, now: datetime) -> None:
        """Unlink what zones left behind that were removed long ago."""
        self.parts.lanes.start(
            lambda: remove_old_files(self.parts.host, self.parts.store, now), lambda _: None, _log_failure
        )

    def _ask_secondaries(self, names: Iterable[Name]) -> None:
        for name in names:
            self.parts.verifier.ask_secondaries(name, self.parts.monotonic())

    def _deploy(self, batch: list[Standing]) -> None:
        records = {standing.uuid: standing.record_count for standing in batch}
        names = [(standing.uuid, standing.name) for standing in batch]

        def done(attempts: list[Attempt]) -> None:
            for attempt in attempts:
                self._take_attempt(attempt, records[attempt.uuid])
            for attempt in attempts:  # last: a store that takes no write must keep no name busy
                self.parts.recorder.attempt(attempt.uuid, attempt.serial, attempt.error, attempt.published)

        def failed(error: ApplianceError) -> None:
            done([Attempt(one.uuid, one.name, one.serial, f"deploy: {error}") for one in batch])

        host, store, lift = self.parts.host, self.parts.store, self.parts.editor.raise_serial
        self.parts.lanes.start(lambda: deploy_zones(names, host, store, lift), done, failed)

    def _take_attempt(self, attempt: Attempt, records: int) -> None:
        """Watch for what was handed over; what was not is tried again with the next full turn."""
        if attempt.error is None:
            patience = LOAD_PATIENCE + records / 10_000
            self.parts.verifier.watch(
                attempt.uuid, attempt.name, attempt.serial, self.parts.monotonic(), patience, holds=True
            )
        else:
            self.parts.zones.release(attempt.name)
            self.parts.pace.soon()

    def _withdraw(self, standing: Standing) -> None:
        self.parts.membership.leave(standing.uuid, standing.name)

        def done(_: None) -> None:
            self.parts.zones.release(standing.name)  # a zone made anew need not wait for a silent secondary
            self.parts.verifier.watch(standing.uuid, standing.name, None, self.parts.monotonic())

        def failed(error: ApplianceError) -> None:
            self.parts.zones.release(standing.name)
            self.parts.recorder.attempt(standing.uuid, standing.serial, f"withdraw: {error}")
            self.parts.pace.soon()

        self.parts.lanes.start(lambda: withdraw_zone(standing.name, self.parts.host), done, failed)


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
