"""What the deployer did and saw, as rows of the store; a row is written when it says something new.

The loop notes, and `flush` writes: a few zones at once, many in a worker, `MOST_AT_ONCE` in a transaction. What could
not be written is kept and written later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.deploy.reachability import Reachability
from appliance.deploy.verifier import Watch
from appliance.deploy.worker_pool import Worker, WorkerPool
from appliance.errors import ApplianceError, StoreError
from appliance.store import deployments
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones.deployment import NameserverState, Observation, Publication, reaches
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

MOST_IN_LOOP = 20
"""Zones whose rows the loop writes itself; more are a worker's."""
MOST_AT_ONCE = 200
"""Zones of one transaction."""
RETRY_AFTER = 1.0
"""Seconds from a failed write in a worker to the next."""

Said = tuple[int | None, NameserverState, bool]
"""Serial, state, and whether the zone itself was answered for."""
Rows = dict[tuple[UUID, str], Said]


@dataclass(slots=True)
class _Note:
    """What is to be written of one zone: the newest columns of its deployment, the newest observations, and which
    nameservers have left it unanswered since."""

    done: deployments.Columns = field(default_factory=dict)
    seen: dict[str, Observation] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)


_Notes = dict[UUID, _Note]
Confirmed = tuple[list[str], datetime] | None


@dataclass(slots=True)
class Recorder:
    """Keeps what was noted until it is written. `clock` is the time of day, `monotonic` seconds."""

    host: PrimaryHost
    store: Store
    lanes: WorkerPool
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    reach: Reachability
    is_loaded: bool = False
    """True when it is known what the store holds."""
    _rows: Rows = field(default_factory=dict)
    _notes: _Notes = field(default_factory=dict)
    _confirmed: Confirmed = None
    _is_writing: bool = False
    _due: float = 0.0

    @property
    def is_idle(self) -> bool:
        """True when everything noted is written."""
        return not (self._notes or self._is_writing or self._confirmed)

    def load(self, rows: Rows) -> None:
        """Learn what the store holds, so that no equal row is written; what was noted meanwhile is newer."""
        self._rows = rows | self._rows
        self.is_loaded = True

    def forget(self) -> None:
        """What the store holds is not known, as when another has come in its place: the next reconciliation says."""
        self._rows, self._notes, self._confirmed, self.is_loaded = {}, {}, None, False

    def attempt(self, uuid: UUID, serial: int, error: str | None, published: Publication | None = None) -> None:
        """The primary was handed a serial, or the path ended with an error; what was `published` on the way, if any."""
        self._note(uuid).done.update(deployments.attempted(serial, error, published))

    def complete(self, watch: Watch) -> None:
        """Every nameserver answered as the watch expected."""
        self.seen(watch.uuid, watch.wanted, watch.served)
        self.live(watch.uuid, watch.wanted)
        took = (self.monotonic() - watch.began) * 1000
        serial = "none" if watch.wanted is None else watch.wanted
        log.info("event=live zone=%s serial=%s stop=verify ms=%.1f", print_domain(watch.name), serial, took)

    def live(self, uuid: UUID, serial: int | None) -> None:
        """The zone was seen at this serial everywhere; None: it was seen nowhere."""
        if serial is None:
            for server in self.host.nameservers:
                self._rows.pop((uuid, server.name), None)
            self._note(uuid).done.update(deployments.removed(self.clock()))
        else:
            self._note(uuid).done.update(deployments.live(serial, self.clock()))

    def compared(self, standing: ZoneStatus, served: Mapping[Nameserver, int | None]) -> None:
        """A full turn found the zone served everywhere."""
        self.seen(standing.uuid, standing.serial, served)
        if standing.live_serial != standing.serial:
            self.live(standing.uuid, standing.serial)

    def seen(self, uuid: UUID, wanted: int | None, served: Mapping[Nameserver, int | None]) -> None:
        """What the nameservers answered for a zone; one that is missing in `served` did not answer."""
        now = self.monotonic()
        for server in self.host.nameservers:
            said = served.get(server), self._state(server, wanted, served, now), server in served
            if self._rows.get((uuid, server.name)) != said:
                self._rows[uuid, server.name] = said
                note = self._note(uuid)
                note.seen[server.name] = self._observation(server, said, now)
                note.unanswered.discard(server.name)

    def unanswered(self, uuid: UUID, servers: Iterable[Nameserver]) -> None:
        """These nameservers left the zone unanswered in a reconciliation; what they said before stays."""
        for name in [one.name for one in servers]:
            said = self._rows.get((uuid, name))
            if said is None or said[2]:
                self._note(uuid).unanswered.add(name)
                self._rows.pop((uuid, name), None)

    def confirm(self, servers: Iterable[Nameserver], moment: datetime) -> None:
        """These nameservers were queried at that moment; written only after what each zone was answered."""
        self._confirmed = [server.name for server in servers], moment

    def flush(self) -> None:
        """Write what was noted: a few zones now, more in a worker; StoreError when the store refuses it now."""
        if self.is_idle or self._is_writing or self.monotonic() < self._due:
            return
        notes = self._take()
        confirmed = None if self._notes else self._confirmed
        if len(notes) > MOST_IN_LOOP:
            self._is_writing = True
            self.lanes.start(
                lambda: _write(notes, confirmed, self.store),
                lambda _: self._written(confirmed),
                partial(self._refused, notes),
                Worker.RECORDS,
            )
            return
        try:
            _write(notes, confirmed, self.store)
        except StoreError:
            self._put_back(notes)
            raise
        except Exception:
            self.forget()
            raise
        self._written(confirmed)

    def _written(self, confirmed: Confirmed) -> None:
        self._is_writing = False
        if self._confirmed is confirmed:
            self._confirmed = None

    def _refused(self, notes: _Notes, error: ApplianceError) -> None:
        log.warning("event=records-not-written zones=%d reason=%r", len(notes), str(error))
        self._is_writing = False
        self._due = self.monotonic() + RETRY_AFTER
        if isinstance(error, StoreError):
            self._put_back(notes)
        else:
            self.forget()

    def _take(self) -> _Notes:
        """The newest notes first: nobody waits for what was found about the others."""
        return dict(self._notes.popitem() for _ in range(min(len(self._notes), MOST_AT_ONCE)))

    def _put_back(self, notes: _Notes) -> None:
        for uuid, former in notes.items():
            newer = self._notes.get(uuid, _Note())
            unanswered = former.unanswered.difference(newer.seen) | newer.unanswered
            self._notes[uuid] = _Note(former.done | newer.done, former.seen | newer.seen, unanswered)

    def _note(self, uuid: UUID) -> _Note:
        return self._notes.setdefault(uuid, _Note())

    def _observation(self, server: Nameserver, said: Said, now: float) -> Observation:
        serial, state, answered = said
        moment = self.clock()
        last_answer = moment - timedelta(seconds=now - self.reach.last_answer(server))
        # one that answers about others and not about this zone has not answered: its last answer stays as it is stored
        checked_at = last_answer if answered or state is NameserverState.UNREACHABLE else None
        return Observation(server.name, serial, state, checked_at, moment, answered)

    def _state(
        self, server: Nameserver, wanted: int | None, served: Mapping[Nameserver, int | None], now: float
    ) -> NameserverState:
        if wanted is not None and reaches(served.get(server), wanted):
            return NameserverState.LIVE
        if server not in served and self.reach.is_silent(server, now):
            return NameserverState.UNREACHABLE
        return NameserverState.LAGGING


def _write(notes: _Notes, confirmed: Confirmed, store: Store) -> None:
    done = {uuid: note.done for uuid, note in notes.items() if note.done}
    seen = {uuid: list(note.seen.values()) for uuid, note in notes.items() if note.seen}
    unanswered = {uuid: note.unanswered for uuid, note in notes.items() if note.unanswered}
    with store.writing():
        deployments.note_all(done, seen, unanswered)
        if confirmed:
            deployments.note_confirmed(*confirmed)
