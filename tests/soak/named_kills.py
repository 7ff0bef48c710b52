"""named killed at random moments, while a zone gets updates, is written to its file, and gets files of both kinds.

After each restart it must serve the last version that it had confirmed, or a later one that was sent, with the content
of that version. Only with a journal that it was creating, and that is empty, it serves the zone when that is published
again.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import dns.name
from dns.exception import DNSException
from dns.rcode import NOERROR

from appliance.deploy.publishing.primary_zone import await_file, load_file, replace_file, suspend_updates, zone_state
from appliance.errors import ApplianceError
from appliance.queries.transfer import axfr
from tests.deployed import host_of
from tests.pair import Pair, small_zone, wait_for
from tests.signed_updates import update_small_zone
from tests.soak.part_run import PartRun
from tests.workspace import APEX

SIZES = {10: (120, 0.03), 20_000: (30, 0.6)}
"""Records of the zone: rounds, and seconds within which named is killed in a round."""
KILLED = 0.7
"""Share of the rounds in which named is killed."""
MAX_STEPS = 6
UPDATE_TIMEOUT = 1.0
LOAD_PATIENCE = 3.0
"""Seconds after which a file that is not served is published again, as when named wrote its own at the same moment."""


def run(part: PartRun, scale: float = 1.0) -> None:
    """Run the rounds with zones of each size, or `scale` times as many, within the time of the part."""
    for position, (records, (most, moment)) in enumerate(SIZES.items()):
        rounds = round(most * scale)
        deadline = time.monotonic() + part.left / (len(SIZES) - position)
        with Pair() as pair:
            zone = KilledZone(part, pair, records, moment)
            while zone.counts["rounds"] < rounds and time.monotonic() < deadline:
                zone.run_round()
        part.figure(f"{records:,} records: {', '.join(f'{count:,} {what}' for what, count in zone.counts.items())}")
        if zone.counts["rounds"] < rounds:
            part.short(f"out of time: {rounds - zone.counts['rounds']} rounds were not run")


class KilledZone:
    """A zone of that many records on the primary, which is killed within `moment` seconds of a round's start."""

    def __init__(self, part: PartRun, pair: Pair, records: int, moment: float) -> None:
        self._part, self._pair, self._records, self._moment = part, pair, records, moment
        self._host = host_of(pair, APEX)
        self._name, self._uuid = dns.name.from_text("killed.example"), uuid4()
        self._confirmed = self._sent = 1
        self._is_killed = threading.Event()
        self.counts: Counter[str] = Counter()
        self._publish(1)
        pair.wait_for_serial(pair.primary, self._name, 1)

    def run_round(self) -> None:
        """Change the zone in random ways; in most rounds named is killed meanwhile, and checked after its restart."""
        random, self._sent = self._part.random, self._confirmed
        self._is_killed.clear()
        killer = threading.Timer(random.random() * self._moment, self._kill)
        if kills := random.random() < KILLED:
            killer.start()
        with suppress(ApplianceError, DNSException, OSError):
            for _ in range(random.randint(1, MAX_STEPS)):
                random.choice((self._update, self._update, self._update, self._sync, self._refresh, self._replace))()
        self.counts["rounds"] += 1
        if kills:
            killer.join()
            self._pair.connection.close()
            self._pair.ns1.start()
        self._check()

    def _kill(self) -> None:
        self._is_killed.set()
        self._pair.ns1.stop(signal.SIGKILL)
        self.counts["kills"] += 1

    def _update(self) -> None:
        self._sent = max(self._sent, serial := self._confirmed + 1)
        if update_small_zone(self._pair, self._name, serial, _address(serial), timeout=UPDATE_TIMEOUT) == NOERROR:
            self._confirmed = serial
            self.counts["updates"] += 1

    def _sync(self) -> None:
        """Make named write the file, without waiting for it."""
        self._host.control.sync(self._name)
        self.counts["dumps"] += 1

    def _refresh(self) -> None:
        """Replace the file by one of the confirmed serial, as behind updates."""
        self._host.control.sync(self._name)
        await_file(self._uuid, self._name, self._confirmed, self._host)
        self._host.files.stage_refresh(self._uuid, self._content(self._confirmed))
        self._host.files.refresh(self._uuid)
        self._host.files.flush()
        self.counts["refreshed files"] += 1

    def _replace(self) -> None:
        """Publish a file of a later serial, and wait until it is served."""
        serial = self._confirmed + self._part.random.randint(1, 3)
        self._sent = max(self._sent, serial)
        self._publish(serial)
        self.counts["published files"] += 1
        if not self._is_served(serial):
            self.counts["published again"] += 1
            self._publish(serial)
            self._part.check(self._is_served(serial), "a file was published twice and is not served")
        if not self._is_killed.is_set():
            self._confirmed = serial

    def _publish(self, serial: int) -> None:
        self._host.files.stage(self._uuid, self._content(serial))
        state = zone_state(self._uuid, self._name, self._host)
        suspend_updates(self._uuid, self._name, state, self._host)
        replace_file(self._uuid, self._name, state, self._host)
        load_file(self._uuid, self._name, state, self._host)

    def _is_served(self, serial: int) -> bool:
        """Return True as soon as the serial is served, or named was killed."""
        return _becomes(lambda: self._is_killed.is_set() or self._serial() == serial, LOAD_PATIENCE)

    def _serial(self) -> int | None:
        return self._pair.serial(self._pair.primary, self._name)

    def _content(self, serial: int) -> bytes:
        lines = (f"r{one}.{self._name} 300 IN A 10.0.{one >> 8}.{one & 255}\n" for one in range(self._records))
        return small_zone(self._name, serial, _address(serial)) + "".join(lines).encode()

    def _check(self) -> None:
        """Check what is served, and confirm it."""
        if not _becomes(self._serial, 30):
            self._part.check(self._has_empty_journal(), "the zone is not served after a restart")
            self.counts["empty journals"] += 1
            self._sent += 1
            self._publish(self._sent)
            self._pair.wait_for_serial(self._pair.primary, self._name, self._sent)
        serial = self._serial() or 0
        is_between = self._confirmed <= serial <= self._sent
        self._part.check(is_between, f"{serial} is served; {self._confirmed} was before, {self._sent} was sent")
        self._confirmed = serial
        rows = axfr(self._pair.primary, self._name, self._pair.transfer_key, timeout=30)
        addresses = {str(row.rdata) for row in rows if row.owner.labels[0] == b"www"}
        count = len({(row.owner, row.rdtype, row.rdata) for row in rows})
        is_right = addresses == {_address(serial)} and count == self._records + 3
        self._part.check(is_right, f"the content of {serial} is {addresses} and {count} records")

    def _has_empty_journal(self) -> bool:
        """Return True if named was killed while it created its journal, and does not load the zone."""
        journal = Path(f"{self._host.files.path(self._uuid)}.jnl")
        return journal.exists() and journal.stat().st_size == 0


def _becomes(condition: Callable[[], object], seconds: float) -> bool:
    try:
        wait_for(condition, "", seconds)
    except AssertionError:
        return False
    return True


def _address(serial: int) -> str:
    return f"192.0.2.{serial % 250}"
