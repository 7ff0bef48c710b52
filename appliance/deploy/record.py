"""What the deployer did and saw, as rows of the store; a row is written when it says something new."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from appliance.deploy.host import Host
from appliance.deploy.reach import Reach
from appliance.deploy.verify import Watch
from appliance.questions.soa import Nameserver
from appliance.store import outcomes
from appliance.store.database import Store
from appliance.store.outcomes import Standing
from appliance.zones.deployment import Answer, Publication, Seen, reaches
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Recorder:
    """Writes outcomes. `clock` is the time of day, `monotonic` seconds."""

    host: Host
    store: Store
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    reach: Reach
    _rows: dict[tuple[UUID, str], tuple[int | None, Answer, bool]] = field(default_factory=dict)

    def attempt(self, uuid: UUID, serial: int, error: str | None, published: Publication | None = None) -> None:
        """The primary was handed a serial, or the path ended with an error; what was `published` on the way, if any."""
        with self.store.writing():
            outcomes.note_attempt(uuid, serial, error, published)

    def complete(self, watch: Watch) -> None:
        """Every nameserver answered as the watch wanted."""
        with self.store.writing():
            self.seen(watch.uuid, watch.wanted, watch.served)
            self.live(watch.uuid, watch.wanted)
        took = (self.monotonic() - watch.began) * 1000
        serial = "none" if watch.wanted is None else watch.wanted
        log.info("event=live zone=%s serial=%s stop=verify ms=%.1f", print_domain(watch.name), serial, took)

    def live(self, uuid: UUID, serial: int | None) -> None:
        """The zone was seen at this serial everywhere; None: it was seen nowhere."""
        with self.store.writing():
            if serial is None:
                outcomes.note_removed(uuid, self.clock())
            else:
                outcomes.note_live(uuid, serial, self.clock())

    def compared(self, standing: Standing, served: Mapping[Nameserver, int | None]) -> None:
        """A full turn found the zone served everywhere."""
        self.seen(standing.uuid, standing.serial, served)
        if standing.live_serial != standing.serial:
            self.live(standing.uuid, standing.serial)

    def seen(self, uuid: UUID, wanted: int | None, served: Mapping[Nameserver, int | None]) -> None:
        """What the nameservers answered for a zone; one that is missing in `served` did not answer."""
        rows = [self._row(server, wanted, served) for server in self.host.nameservers]
        news = [row for row in rows if self._rows.get((uuid, row.nameserver)) != _said(row)]
        if news:
            with self.store.writing():
                outcomes.note_seen(uuid, news)
            self._rows |= {(uuid, row.nameserver): _said(row) for row in news}

    def unanswered(self, uuid: UUID, servers: Iterable[Nameserver]) -> None:
        """Store that these nameservers left the zone unanswered in a reconciliation; what they said before stays."""
        names = [one.name for one in servers if (row := self._rows.get((uuid, one.name))) is None or row[2]]
        if names:
            with self.store.writing():
                outcomes.note_unanswered(uuid, names)
            for name in names:
                self._rows.pop((uuid, name), None)

    def confirm(self, servers: Iterable[Nameserver], moment: datetime) -> None:
        """Store that these nameservers were queried at that moment; only after what each zone was answered."""
        with self.store.writing():
            outcomes.note_confirmed([server.name for server in servers], moment)

    def _row(self, server: Nameserver, wanted: int | None, served: Mapping[Nameserver, int | None]) -> Seen:
        serial, now = served.get(server), self.monotonic()
        if wanted is not None and reaches(serial, wanted):
            state = Answer.LIVE
        elif server not in served and self.reach.is_silent(server, now):
            state = Answer.UNREACHABLE
        else:
            state = Answer.LAGGING
        answered, moment = server in served, self.clock()
        last_answer = moment - timedelta(seconds=now - self.reach.last_answer(server))
        # one that answers about others and not about this zone has not answered: its last answer stays as it is stored
        checked_at = last_answer if answered or state is Answer.UNREACHABLE else None
        return Seen(server.name, serial, state, checked_at, moment, answered)


def _said(row: Seen) -> tuple[int | None, Answer, bool]:
    return row.serial, row.state, row.answered
