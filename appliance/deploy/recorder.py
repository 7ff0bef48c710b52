"""Record what the deployer did and observed as rows of the store; a row is written only if it differs.

The loop takes notes and `flush` writes them: a few zones at once, many in a worker, `MOST_AT_ONCE` in a transaction.
What nobody waits for is written a moment later, in one transaction with what follows. What could not be written is kept
and written later.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.publisher import Expected
from appliance.deploy.verification.reachability import Reachability
from appliance.deploy.verification.watch import Watch
from appliance.deploy.worker_pool import Worker, WorkerPool
from appliance.errors import ApplianceError, StoreError
from appliance.queries.soa import SoaResponse
from appliance.store import deployments, observations
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones.deployment import NameserverState, Observation, Publication
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

MOST_IN_LOOP = 20
"""Zones whose rows the loop writes itself; for more, a worker does."""
MOST_AT_ONCE = 200
"""Zones of one transaction."""
RETRY_AFTER = 1.0
"""Seconds from a failed write in a worker to the next."""
DEFERRED = 0.1
"""Seconds after which it is written that the primary was handed a zone: before, most are served everywhere."""
UNAWAITED = 0.02
"""Seconds after which anything else is written while nobody waits for it."""

Row = tuple[int | None, NameserverState, bool]
"""Serial, state, and whether the nameserver answered for this zone."""
Rows = dict[tuple[UUID, str], Row]


@dataclass(slots=True)
class _Note:
    """What is to be written for one zone.

    The newest columns of its deployment, the newest observations, and the nameservers that did not answer since.
    """

    done: deployments.Columns = field(default_factory=dict)
    seen: dict[str, Observation] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)


_Notes = dict[UUID, _Note]
Confirmed = tuple[list[str], datetime] | None


@dataclass(slots=True)
class Recorder:
    """Keeps notes until they are written. `clock` is the time of day, `monotonic` in seconds."""

    host: PrimaryHost
    store: Store
    workers: WorkerPool
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    reachability: Reachability
    expected: Expected
    is_loaded: bool = False
    """True if the rows in the store are known."""
    _rows: Rows = field(default_factory=dict)
    _notes: _Notes = field(default_factory=dict)
    _confirmed: Confirmed = None
    _is_writing: bool = False
    _has_written: bool = False
    _retry_at: float = 0.0
    _write_at: float = math.inf
    _may_be_awaited: bool = False
    """True if anybody may wait for a note."""

    @property
    def is_idle(self) -> bool:
        """Return True if all notes are written."""
        return not (self._notes or self._is_writing or self._confirmed)

    def load(self, rows: Rows) -> None:
        """Accept the rows that the store holds, so that no equal row is written; notes taken meanwhile are newer."""
        self._rows = rows | self._rows
        self.is_loaded = True

    def forget(self) -> None:
        """Forget the rows in the store, after an unexpected failure; the next reconciliation loads them."""
        self._rows, self._notes, self._confirmed, self.is_loaded = {}, {}, None, False
        self._write_at, self._may_be_awaited = math.inf, False

    def attempt(self, uuid: UUID, serial: int, error: str | None, published: Publication | None = None) -> None:
        """Note that the primary was handed a serial, or why not, and what was `published`, if anything."""
        note = self._note(uuid) if error else self._deferred_note(uuid)
        note.done.update(deployments.attempt_columns(serial, error, published))

    def refreshed(self, uuid: UUID, published: Publication) -> None:
        """Note that the zone's file has been replaced by one of this content, which is served already."""
        self._note(uuid).done.update(deployments.file_columns(published))

    def updated(self, uuid: UUID, serial: int) -> None:
        """Note that the primary applied an UPDATE to this serial."""
        self._deferred_note(uuid).done.update(deployments.update_columns(serial))

    def proven(self, uuid: UUID, serial: int | None) -> None:
        """Note the serial at which the primary's content was proven; None: that it is in doubt."""
        self._deferred_note(uuid).done.update(deployments.proof_columns(serial))

    def complete(self, watch: Watch) -> None:
        """Note that every nameserver answered as the watch expected."""
        self.observed(watch.uuid, watch.target, watch.answers)
        self.live(watch.uuid, watch.target)
        took = (self.monotonic() - watch.began) * 1000
        serial = "none" if watch.target is None else watch.target
        log.info("event=live zone=%s serial=%s step=verify ms=%.1f", print_domain(watch.name), serial, took)

    def live(self, uuid: UUID, serial: int | None) -> None:
        """Note that every nameserver serves the zone at this serial; None: that none serves it."""
        if serial is None:
            for server in self.host.nameservers:
                self._rows.pop((uuid, server.name), None)
            self._note(uuid).done.update(deployments.removal_columns(self.clock()))
        else:
            self._note(uuid).done.update(deployments.live_columns(serial, self.clock()))

    def compared(self, status: ZoneStatus, answers: Mapping[Nameserver, SoaResponse]) -> None:
        """Note that a reconciliation found the zone served everywhere."""
        self.observed(status.uuid, status.serial, answers)
        if status.live_serial != status.serial or status.error:
            self.live(status.uuid, status.serial)

    def observed(self, uuid: UUID, target: int | None, answers: Mapping[Nameserver, SoaResponse]) -> None:
        """Note what the nameservers answered for a zone; one that is missing in `answers` did not answer."""
        now = self.monotonic()
        for server in self.host.nameservers:
            answer = answers.get(server)
            said = answer.serial if answer else None, self._state(server, target, answer, now), answer is not None
            if self._rows.get((uuid, server.name)) != said:
                self._rows[uuid, server.name] = said
                note = self._note(uuid)
                note.seen[server.name] = self._observation(server, said, now)
                note.unanswered.discard(server.name)

    def unanswered(self, uuid: UUID, servers: Iterable[Nameserver]) -> None:
        """Note that these nameservers did not answer for the zone in a reconciliation; their rows stay."""
        for name in [one.name for one in servers]:
            said = self._rows.get((uuid, name))
            if said is None or said[2]:
                self._note(uuid).unanswered.add(name)
                self._rows.pop((uuid, name), None)

    def confirm(self, servers: Iterable[Nameserver], moment: datetime) -> None:
        """Note when these nameservers were queried; it is written after what each zone was answered."""
        self._confirmed = [server.name for server in servers], moment
        self._write_at = self.monotonic()

    def next_write(self) -> float | None:
        """Return when notes are written that are not written yet; None if there are none, or a worker writes."""
        return max(self._retry_at, self._write_at) if self._notes and not self._is_writing else None

    def flush(self, *, is_awaited: bool = True) -> bool:
        """Write the notes that are due: a few zones now, more in a worker; raise StoreError if the store refuses.

        `is_awaited`: anybody waits, or nothing follows. Return True if any were written since the last call.
        """
        if not (self.is_idle or self._is_writing):
            now, is_due = self.monotonic(), is_awaited and self._may_be_awaited
            if now >= self._retry_at and (is_due or now >= self._write_at):
                self._write_due()
        has_written, self._has_written = self._has_written, False
        return has_written

    def _write_due(self) -> None:
        notes = self._take()
        confirmed = None if self._notes else self._confirmed
        if len(notes) > MOST_IN_LOOP:
            self._is_writing = True
            self.workers.start(
                lambda: _write(notes, confirmed, self.store),
                lambda _: self._written(confirmed),
                partial(self._refused, notes),
                Worker.RECORDS,
            )
            return
        try:
            _write(notes, confirmed, self.store)
        except StoreError:
            self._requeue(notes)
            raise
        except Exception:
            self.forget()
            raise
        self._written(confirmed)

    def _written(self, confirmed: Confirmed) -> None:
        self._is_writing, self._has_written = False, True
        if self._confirmed is confirmed:
            self._confirmed = None

    def _refused(self, notes: _Notes, error: ApplianceError) -> None:
        log.warning("event=records-not-written zones=%d reason=%r", len(notes), str(error))
        self._is_writing = False
        self._retry_at = self.monotonic() + RETRY_AFTER
        if isinstance(error, StoreError):
            self._requeue(notes)
        else:
            self.forget()

    def _take(self) -> _Notes:
        """Take the newest notes first: nobody waits for what was found about the others."""
        notes = dict(self._notes.popitem() for _ in range(min(len(self._notes), MOST_AT_ONCE)))
        if not self._notes:
            self._write_at, self._may_be_awaited = math.inf, False
        return notes

    def _requeue(self, notes: _Notes) -> None:
        self._write_at, self._may_be_awaited = self.monotonic(), True
        for uuid, former in notes.items():
            newer = self._notes.get(uuid, _Note())
            unanswered = former.unanswered.difference(newer.seen) | newer.unanswered
            self._notes[uuid] = _Note(former.done | newer.done, former.seen | newer.seen, unanswered)

    def _note(self, uuid: UUID) -> _Note:
        """Return the note of the zone, to be written at once if anybody waits."""
        self._may_be_awaited = True
        return self._deferred_note(uuid, UNAWAITED)

    def _deferred_note(self, uuid: UUID, seconds: float = DEFERRED) -> _Note:
        """Return the note of the zone, to be written with what must be written first, or after a moment."""
        self._write_at = min(self._write_at, self.monotonic() + seconds)
        return self._notes.setdefault(uuid, _Note())

    def _observation(self, server: Nameserver, said: Row, now: float) -> Observation:
        serial, state, answered = said
        moment = self.clock()
        last_answer = moment - timedelta(seconds=now - self.reachability.last_answer(server))
        # a nameserver that answers for other zones and not for this one: its last answer stays as it is stored
        checked_at = last_answer if answered or state is NameserverState.UNREACHABLE else None
        return Observation(server.name, serial, state, checked_at, moment, answered)

    def _state(self, server: Nameserver, target: int | None, answer: SoaResponse | None, now: float) -> NameserverState:
        if target is not None and answer and self.expected(target, server).is_met_by(answer):
            return NameserverState.LIVE
        if answer is None and self.reachability.is_silent(server, now):
            return NameserverState.UNREACHABLE
        return NameserverState.LAGGING


def _write(notes: _Notes, confirmed: Confirmed, store: Store) -> None:
    done = {uuid: note.done for uuid, note in notes.items() if note.done}
    seen = {uuid: list(note.seen.values()) for uuid, note in notes.items() if note.seen}
    unanswered = {uuid: note.unanswered for uuid, note in notes.items() if note.unanswered}
    with store.writing():
        deployments.store_all(done, seen, unanswered)
        if confirmed:
            observations.store_confirmations(*confirmed)
