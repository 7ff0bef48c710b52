"""Start work in workers and handle its results: zones, the catalog, repairs.

A zone starts when a worker is free, the newest change first. One worker is reserved for a few of the newest changes,
and a part of every other batch for those that wait longest: so one edit does not wait for a mass change, nor the
reverse.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from dns.name import Name

from appliance.deploy.catalog import complete_members_of, repair_catalog, send_update
from appliance.deploy.context import DeployerContext
from appliance.deploy.publishing.pipeline import Attempt
from appliance.deploy.publishing.publisher import Publisher
from appliance.deploy.rollout import RolloutEvent
from appliance.deploy.unknown_zones import UnknownZone, remove_unknown_zone
from appliance.deploy.verification.verifier import PATIENCE
from appliance.deploy.verification.watch import Watch
from appliance.deploy.worker_pool import ZONE_WORKERS, Worker
from appliance.errors import ApplianceError
from appliance.queries.bulk import query_all
from appliance.queries.soa import SoaQuery
from appliance.store.deployments import ZoneStatus
from appliance.zones.catalog import uuid_of

log = logging.getLogger(__name__)

LARGE_ZONE = 5_000
"""Records from which on a zone is deployed alone, so that small ones need not wait for it."""
LARGEST_BATCH = 50
"""Zones that are deployed together, with one start of the checker."""
SHARE_OF_OLDEST = 10
"""Zones of such a batch that are those which wait longest."""
SMALL_BATCH = 5
"""Zones of the one batch that is reserved for the newest changes."""
LOAD_PATIENCE = 10.0
"""Seconds in which the primary must serve a small zone after a reload; one more per 10,000 records."""
ANSWER_TIMEOUT = 0.5
"""Seconds to wait for the primary's answer before a file is restored, three times."""
MOST_NOTIFIES = 500
"""Zones of which secondaries are notified again at one time."""


@dataclass(frozen=True, slots=True)
class _Done:
    """The result of a batch: the attempts, and the errors of failed withdrawals by name."""

    attempts: list[Attempt]
    errors: dict[Name, str]


@dataclass(slots=True)
class Dispatcher:
    """Starts work and handles its end; after a failure the next reconciliation is due soon."""

    context: DeployerContext
    _bulk: int = 0
    _small: int = 0
    _has_read_catalog: bool = False

    def start_ready(self, now: float) -> None:
        """Start the zones that are ready, as far as workers are free."""
        zones = self.context.zones
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
        """Send the next catalog update unless one is in progress; query secondaries for zones that are listed."""
        members = self.context.members
        self._query_secondaries(members.take_listed())
        update = members.next_update()
        if update is None:
            if members.is_changing and not members.is_known:
                self._read_members()
            return

        def failed(error: ApplianceError) -> None:
            log.warning("event=catalog-failed reason=%r", str(error))
            self.context.members.fail()
            self.context.schedule.retry_soon()

        def done(waiting: frozenset[Name]) -> None:
            self._query_secondaries(self.context.members.confirm(waiting))

        host, notifies = self.context.host, self.context.notifies
        self.context.workers.start(lambda: send_update(update, host, notifies), done, failed, Worker.CATALOG)

    def _read_members(self) -> None:
        """Read the catalog once, so that new zones need not wait until the first reconciliation has compared all.

        They do if a secondary has a later catalog, which that reconciliation adopts.
        """
        if self._has_read_catalog:
            return
        self._has_read_catalog = True
        host, members = self.context.host, self.context.members

        def done(found: Mapping[str, Name] | None) -> None:
            if found is not None and not members.is_known:
                members.learn({name: label for label, name in found.items()})

        self.context.workers.start(lambda: complete_members_of(host), done, _log_failure, Worker.CATALOG)

    def repair_catalog(self) -> None:
        """Write an empty catalog for the primary; secondaries keep their members until it has adopted them."""

        def failed(error: ApplianceError) -> None:
            log.warning("event=catalog-not-repaired reason=%r", str(error))

        self.context.workers.start(
            lambda: repair_catalog(self.context.host),
            lambda _: self.context.schedule.retry_soon(),
            failed,
            Worker.CATALOG,
        )

    def remove_unknown(self, unknown: UnknownZone) -> None:
        """Remove a zone that is not in the database, as an operator allowed."""
        self.context.members.remove({unknown.label: unknown.name})
        self.context.workers.start(
            lambda: remove_unknown_zone(unknown, self.context.host), lambda _: None, _log_failure
        )

    def notify(self, lagging: Iterable[SoaQuery]) -> None:
        """Notify secondaries that serve an older serial: a NOTIFY of the primary may have been lost."""
        queries = list(itertools.islice(lagging, MOST_NOTIFIES))
        if queries:
            self.context.workers.start(lambda: self._notify(queries), lambda _: None, _log_failure)

    def _notify(self, queries: Sequence[SoaQuery]) -> None:
        """Notify each secondary first of the catalog, which may lack the zones, then of the zones; runs in a worker."""
        notifies = self.context.notifies
        notifies.send(self.context.host.catalog, {server for server, _ in queries})
        for server, zone in queries:
            notifies.send(zone, [server])

    def restore(self, watch: Watch) -> None:
        """Restore the former content of a file that the primary did not load; then release the zone's name.

        What it has loaded in the last moment stays: the former content has an earlier serial.
        """

        def done(_: None) -> None:
            self.context.zones.advance(watch.name, RolloutEvent.RESTORED)

        def failed(error: ApplianceError) -> None:
            done(None)
            _log_failure(error)

        primary, publisher = self.context.host.primary, self.context.publisher

        def restore() -> None:
            signed = {watch.name} if watch.signed else ()
            answer = query_all([(primary, watch.name)], timeout=ANSWER_TIMEOUT, signed=signed)[primary, watch.name]
            if answer is None or not watch.is_met_by(answer):
                publisher.restore(watch.uuid, watch.name)

        self.context.workers.start(restore, done, failed, Worker.RESTORE)

    def query_secondaries(self, uuid: UUID, name: Name, *, is_new: bool = False) -> None:
        """Query the secondaries for the zone, which the catalog lists; do nothing if another zone has its name.

        `is_new`: it lists the zone since a moment ago.
        """
        if self.context.verifier.query_secondaries(uuid, name, self.context.monotonic(), is_new=is_new):
            self.context.zones.advance(name, RolloutEvent.LISTED)

    def _query_secondaries(self, members: Mapping[str, Name]) -> None:
        for label, name in members.items():
            uuid = uuid_of(label)
            if uuid is not None:
                self.query_secondaries(uuid, name, is_new=True)

    def _start(self, batch: list[ZoneStatus], *, is_small: bool) -> None:
        for status in batch:
            if status.deleted:
                self.context.members.leave(status.uuid, status.name)

        def ended() -> None:
            if is_small:
                self._small -= 1
            else:
                self._bulk -= 1

        def done(result: _Done) -> None:
            ended()
            self._handle_results(batch, result)

        def failed(error: ApplianceError) -> None:
            ended()
            attempts = [Attempt(one.uuid, one.name, one.serial, f"deploy: {error}") for one in batch if not one.deleted]
            self._handle_results(batch, _Done(attempts, {one.name: str(error) for one in batch if one.deleted}))

        publisher = self.context.publisher
        self.context.workers.start(lambda: _carry_out(batch, publisher), done, failed, Worker.ZONES)

    def _handle_results(self, batch: list[ZoneStatus], result: _Done) -> None:
        records = {status.uuid: status.record_count for status in batch}
        for attempt in result.attempts:
            self._handle_attempt(attempt, records[attempt.uuid])
        for status in batch:
            if status.deleted:
                self._handle_withdrawal(status, result.errors.get(status.name))

    def _handle_attempt(self, attempt: Attempt, records: int) -> None:
        """Await the zone if it was handed to the primary; else let the next reconciliation try again."""
        self.context.recorder.attempt(attempt.uuid, attempt.serial, attempt.error, attempt.published)
        if attempt.error is None:
            if attempt.published:
                self.context.figures.count("published", attempt.published.method)
            self.context.zones.advance(attempt.name, RolloutEvent.HANDED_OVER)
            patience = LOAD_PATIENCE + records / (1_000 if attempt.signed else 10_000)
            self._watch(attempt.uuid, attempt.name, attempt.serial, patience, signed=attempt.signed)
            if attempt.is_loaded and not self.context.members.has(attempt.uuid, attempt.name):
                self.context.members.join(attempt.uuid, attempt.name)  # at once: secondaries can transfer it
        else:
            self.context.zones.advance(attempt.name, RolloutEvent.REFUSED)
            self.context.schedule.retry_soon()

    def _handle_withdrawal(self, status: ZoneStatus, error: str | None) -> None:
        """Await the zone's removal. A new zone of that name need not wait for a silent secondary."""
        if error is None:
            self.context.zones.advance(status.name, RolloutEvent.WITHDRAWN)
            self._watch(status.uuid, status.name, None)
        else:
            self.context.zones.advance(status.name, RolloutEvent.REFUSED)
            self.context.recorder.attempt(status.uuid, status.serial, f"withdraw: {error}")
            self.context.schedule.retry_soon()

    def _watch(
        self, uuid: UUID, name: Name, serial: int | None, patience: float = PATIENCE, *, signed: bool = False
    ) -> None:
        expected, now = partial(self.context.publisher.expected, serial), self.context.monotonic()
        self.context.verifier.watch(uuid, name, serial, expected, now, patience, signed=signed)


def _carry_out(batch: Iterable[ZoneStatus], publisher: Publisher) -> _Done:
    """Publish and withdraw the zones of a batch; runs in a worker."""
    published = [(one.uuid, one.name) for one in batch if not one.deleted]
    attempts = publisher.publish(published) if published else []
    errors = {}
    for status in batch:
        if status.deleted:
            try:
                publisher.withdraw(status.name)
            except ApplianceError as failed:
                errors[status.name] = str(failed)
    return _Done(attempts, errors)


def _is_large(status: ZoneStatus) -> bool:
    return not status.deleted and status.record_count >= LARGE_ZONE


def _log_failure(error: ApplianceError) -> None:
    log.warning("event=job-failed reason=%r", str(error))
