"""What the loop hands to workers, and what it does when that ends: zones, the catalog, repairs.

Zones start when a worker is free for them, the newest first. One start is kept for a few new zones, and a part of each
other for those that wait longest: so one edit does not wait for a mass change, nor the other way round.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from dns.name import Name

from appliance.deploy import reconcile
from appliance.deploy.catalog import repair_catalog, send_update
from appliance.deploy.context import DeployerContext
from appliance.deploy.pipeline import Attempt, remove_old_files
from appliance.deploy.publisher import Publisher
from appliance.deploy.rollout import RolloutEvent
from appliance.deploy.unknown_zones import UnknownZone, remove_unknown_zone
from appliance.deploy.verifier import PATIENCE, Watch
from appliance.deploy.worker_pool import ZONE_WORKERS, Worker
from appliance.errors import ApplianceError
from appliance.queries.soa import SoaQuery
from appliance.store.deployments import ZoneStatus

log = logging.getLogger(__name__)

LARGE_ZONE = 5_000
"""Records from which on a zone goes through its stops alone, so that small ones need not wait for it."""
LARGEST_BATCH = 50
"""Zones that go through the stops together, with one start of the checker."""
SHARE_OF_OLDEST = 10
"""Zones of such a batch that are those which wait longest."""
SMALL_BATCH = 5
"""Zones of the one batch that is kept for the newest."""
LOAD_PATIENCE = 10.0
"""Seconds for the primary to serve a small zone after a reload; large ones get a second more per 10,000 records."""
MOST_NOTIFIES = 500
"""Zones of which secondaries are told again at one time."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of a batch: the attempts, and the failures of withdrawals by name."""

    attempts: list[Attempt]
    refused: dict[Name, str]


@dataclass(slots=True)
class Dispatcher:
    """Starts work and takes its end; after a failure a full turn comes soon."""

    parts: DeployerContext
    _bulk: int = 0
    _small: int = 0

    def launch_ready(self) -> None:
        """Start what waits, is held by nobody and has had its rest, as far as workers are free."""
        now, zones = self.parts.monotonic(), self.parts.zones
        zones.wake(now)
        if not self._small and (batch := zones.take(now, SMALL_BATCH, is_large=_is_large)):
            self._small += 1
            self._start(batch, is_small=True)
        while self._bulk < ZONE_WORKERS - 1:
            batch = zones.take(now, LARGEST_BATCH, SHARE_OF_OLDEST, _is_large)
            if not batch:
                return
            self._bulk += 1
            self._start(batch, is_small=False)

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

        self.parts.lanes.start(lambda: send_update(update, self.parts.host), done, failed, Worker.CATALOG)

    def mend_catalog(self) -> None:
        """Give the primary a catalog again; secondaries keep their members until the next full turn adopts them."""

        def failed(error: ApplianceError) -> None:
            log.warning("event=catalog-not-repaired reason=%r", str(error))

        self.parts.lanes.start(
            lambda: repair_catalog(self.parts.host), lambda _: self.parts.pace.soon(), failed, Worker.CATALOG
        )

    def remove_stray(self, stray: UnknownZone) -> None:
        """Take away what an operator allowed to be removed: a zone that the store never knew."""
        self.parts.membership.remove({stray.label: stray.name})
        self.parts.lanes.start(lambda: remove_unknown_zone(stray, self.parts.host), lambda _: None, _log_failure)

    def notify(self, lagging: Iterable[SoaQuery]) -> None:
        """Tell secondaries that answer with an older serial: a NOTIFY of the primary may have been lost."""
        told = list(itertools.islice(lagging, MOST_NOTIFIES))
        if told:
            self.parts.lanes.start(lambda: reconcile.notify_all(told, self.parts.host), lambda _: None, _log_failure)

    def put_back(self, watch: Watch) -> None:
        """Give a file that the primary did not take up its former content; its name is free when that is done."""

        def done(_: None) -> None:
            self.parts.zones.advance(watch.name, RolloutEvent.RESTORED)

        def failed(error: ApplianceError) -> None:
            done(None)
            _log_failure(error)

        publisher = self.parts.publisher
        self.parts.lanes.start(lambda: publisher.restore(watch.uuid, watch.name), done, failed, Worker.RESTORE)

    def remove_old_files(self, now: datetime) -> None:
        """Unlink what zones left behind that were removed long ago."""
        self.parts.lanes.start(
            lambda: remove_old_files(self.parts.host, self.parts.store, now), lambda _: None, _log_failure
        )

    def ask_secondaries(self, name: Name) -> None:
        """The catalog lists the zone: ask the secondaries for it."""
        self.parts.zones.advance(name, RolloutEvent.LISTED)
        self.parts.verifier.ask_secondaries(name, self.parts.monotonic())

    def _ask_secondaries(self, names: Iterable[Name]) -> None:
        for name in names:
            self.ask_secondaries(name)

    def _start(self, batch: list[ZoneStatus], *, is_small: bool) -> None:
        for standing in batch:
            if standing.deleted:
                self.parts.membership.leave(standing.uuid, standing.name)

        def ended() -> None:
            if is_small:
                self._small -= 1
            else:
                self._bulk -= 1

        def done(result: _Done) -> None:
            ended()
            self._take(batch, result)

        def failed(error: ApplianceError) -> None:
            ended()
            attempts = [Attempt(one.uuid, one.name, one.serial, f"deploy: {error}") for one in batch if not one.deleted]
            self._take(batch, _Done(attempts, {one.name: str(error) for one in batch if one.deleted}))

        publisher = self.parts.publisher
        self.parts.lanes.start(lambda: _carry_out(batch, publisher), done, failed, Worker.ZONES)

    def _take(self, batch: list[ZoneStatus], result: _Done) -> None:
        records = {standing.uuid: standing.record_count for standing in batch}
        for attempt in result.attempts:
            self._take_attempt(attempt, records[attempt.uuid])
        for standing in batch:
            if standing.deleted:
                self._take_withdrawal(standing, result.refused.get(standing.name))

    def _take_attempt(self, attempt: Attempt, records: int) -> None:
        """Watch for what was handed over; what was not is tried again with the next full turn."""
        self.parts.recorder.attempt(attempt.uuid, attempt.serial, attempt.error, attempt.published)
        if attempt.error is None:
            self.parts.zones.advance(attempt.name, RolloutEvent.HANDED_OVER)
            self._watch(attempt.uuid, attempt.name, attempt.serial, LOAD_PATIENCE + records / 10_000)
        else:
            self.parts.zones.advance(attempt.name, RolloutEvent.REFUSED)
            self.parts.pace.soon()

    def _take_withdrawal(self, standing: ZoneStatus, refused: str | None) -> None:
        """Ask all until nobody answers; a zone created again under the name need not wait for a silent secondary."""
        if refused is None:
            self.parts.zones.advance(standing.name, RolloutEvent.WITHDRAWN)
            self._watch(standing.uuid, standing.name, None)
        else:
            self.parts.zones.advance(standing.name, RolloutEvent.REFUSED)
            self.parts.recorder.attempt(standing.uuid, standing.serial, f"withdraw: {refused}")
            self.parts.pace.soon()

    def _watch(self, uuid: UUID, name: Name, serial: int | None, patience: float = PATIENCE) -> None:
        expected = partial(self.parts.publisher.expected, serial)
        self.parts.verifier.watch(uuid, name, serial, expected, self.parts.monotonic(), patience)


def _carry_out(batch: Iterable[ZoneStatus], publisher: Publisher) -> _Done:
    """In a worker: publish and withdraw the zones of a batch."""
    published = [(one.uuid, one.name) for one in batch if not one.deleted]
    attempts = publisher.publish(published) if published else []
    refused = {}
    for standing in batch:
        if standing.deleted:
            try:
                publisher.withdraw(standing.name)
            except ApplianceError as failed:
                refused[standing.name] = str(failed)
    return _Done(attempts, refused)


def _is_large(standing: ZoneStatus) -> bool:
    return not standing.deleted and standing.record_count >= LARGE_ZONE


def _log_failure(error: ApplianceError) -> None:
    log.warning("event=job-failed reason=%r", str(error))
