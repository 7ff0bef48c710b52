"""Zones are signed, get a DS at their parent, and are unsigned again, while named is killed and steps are interrupted.

The clock is set by hand, so that days pass; the parents are on loopback. As long as a parent has a DS, and for its TTL
afterwards, every answer of both nameservers must be valid by it.
"""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from appliance.deploy.signing.parent_lookups import parent_check_by
from appliance.errors import ApplianceError
from appliance.nameserver.control import Control, Transport
from appliance.nameserver.held_zones import hold_back
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.signing import BETWEEN_CHECKS, Ds, SigningState
from tests.deploy.signing.signer import Signer, new_signer
from tests.deployed import host_of
from tests.fake_parent import ADDRESSES, FakeParent, fake_parent, is_allowed
from tests.pair import Named, Pair, wait_for
from tests.soak.part_run import PartRun
from tests.soak.validation import ValidWatcher, verify_zone
from tests.workspace import APEX, Workspace, open_workspace

ZONES = 3
ROUNDS = 200
OWNERS = 10
KILLED = 0.15
"""Share of the rounds in which a nameserver is killed."""
LOST = 0.7
"""Share of the kills of ns1 after which the signed file of one zone is lost."""
INTERRUPTED = 0.3
"""Share of the rounds in which the deployer ends at a command to named, before it or after it."""
MOST_COMMANDS = 8
PAUSES = (BETWEEN_CHECKS, timedelta(hours=1, seconds=1), timedelta(days=1, seconds=1))


def run(part: PartRun, rounds: int = ROUNDS, cycles: int = ZONES) -> None:
    """Run the rounds within the time of the part; so many zones must have been unsigned meanwhile."""
    with ExitStack() as stack:
        pair = stack.enter_context(Pair())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signing-")))
        workspace = stack.enter_context(open_workspace(folder))
        parents = [stack.enter_context(fake_parent(f"p{number}.example")) for number in range(ZONES)]
        load = SigningRounds(part, pair, workspace, parents)
        done = 0
        with load.watched():
            while done < rounds and part.left > 0:
                load.run_round()
                done += 1
        load.verify()
        load.report(done, cycles)


class Interrupted(BaseException):
    """The deployer ends here, as if it was killed."""


@dataclass
class InterruptedTransport:
    """A control channel over which the deployer ends at a command: before named has it, or after its reply."""

    transport: Transport
    left: int
    is_after: bool

    def command(self, *words: str) -> str:
        """Send one command, or raise Interrupted."""
        self.left -= 1
        if self.left == 0 and not self.is_after:
            raise Interrupted
        reply = self.transport.command(*words)
        if self.left == 0:
            raise Interrupted
        return reply


@dataclass
class SignedZone:
    """A zone with the parent that its user changes; `held_until` is when no cache holds the DS of the parent."""

    signer: Signer
    parent: FakeParent
    held_until: datetime | None = None
    ds: list[Ds] = field(default_factory=list)

    @property
    def domain(self) -> str:
        """The name of the zone."""
        return print_domain(self.signer.zone.name)


class SigningRounds:
    """The zones, and what was done to them."""

    def __init__(self, part: PartRun, pair: Pair, workspace: Workspace, parents: list[FakeParent]) -> None:
        self._part, self._pair, self._workspace, self._random = part, pair, workspace, part.random
        self.counts: Counter[str] = Counter()
        self.trusted: dict[str, list[Ds]] = {}
        self._zones = [self._new_zone(number, parent) for number, parent in enumerate(parents)]
        servers = (pair.primary, pair.secondary)
        self._watchers = [ValidWatcher(part, server, self.trusted, _any_owner) for server in servers]

    def _new_zone(self, number: int, parent: FakeParent) -> SignedZone:
        def fill(zone: Zone) -> None:
            for owner in range(OWNERS):
                self._workspace.add(zone, "A", f"h{owner}", "192.0.2.1")

        host = host_of(self._pair, APEX)
        signer = new_signer(f"z.p{number}.example", self._workspace, host, self._pair, fill)
        signer.check_parent = parent_check_by(parent.resolver.server.endpoint, parent.port, is_allowed)
        return SignedZone(signer, parent)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have every answer validated while the block runs."""
        ended = threading.Event()
        running = partial(_is_not, ended)
        threads = [threading.Thread(target=one.run, args=(running, time.sleep)) for one in self._watchers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    def run_round(self) -> None:
        """Let the user of a zone, and the world, do something, and the deployer what follows."""
        zone = self._random.choice(self._zones)
        self._step(zone)
        if self._random.random() < KILLED:
            self._kill(*self._random.choice((("ns1", self._pair.ns1), ("ns2", self._pair.ns2))))
        self._workspace.clock.now += self._random.choice(PAUSES)
        self._forget_expired()
        if self._random.random() < INTERRUPTED:
            self._interrupt(zone)
        for one in self._zones:
            self._deploy(one)

    def _step(self, zone: SignedZone) -> None:
        """Take one step that makes sense now, or change a record, or have the zone signed again."""
        steps: list[Callable[[SignedZone], None]] = [self._change, self._sign_again, self._next, self._next]
        self._random.choice(steps)(zone)

    def _change(self, zone: SignedZone) -> None:
        value = f"10.{self._random.randrange(256)}.{self._random.randrange(256)}.1"
        self._workspace.add(zone.signer.zone, "A", f"h{self._random.randrange(OWNERS)}", value)
        self.counts["changes"] += 1

    def _sign_again(self, zone: SignedZone) -> None:
        if zone.signer.zone.signed:
            with suppress(ApplianceError):
                self._pair.connection.command("sign", zone.domain)
                self.counts["signed again"] += 1

    def _next(self, zone: SignedZone) -> None:
        """Go on in the cycle: on, DS at the parent, off, DS removed; now and then off is undone, or a parent silent."""
        signer, chance = zone.signer, self._random.random()
        if self._random.random() < 0.2:
            zone.parent.answers |= dict.fromkeys(ADDRESSES, None)
            self.counts["parents silent"] += 1
            return
        zone.parent.publish(*zone.ds)
        if not signer.zone.dnssec and zone.ds and chance < 0.8:
            self._withdraw(zone)
        elif not signer.zone.dnssec and (zone.ds or chance < 0.2):
            self._turn(zone, wanted=True)
        elif signer.zone.dnssec and zone.ds:
            self._turn(zone, wanted=False)
        elif signer.zone.dnssec and signer.state in (SigningState.DS_WAIT, SigningState.DS_READY):
            self._publish(zone)

    def _turn(self, zone: SignedZone, *, wanted: bool) -> None:
        signer = zone.signer
        self._workspace.editor.change_zone(self._workspace.owner, signer.zone.uuid, {"dnssec": wanted})
        self.counts["turned on" if wanted else "turned off"] += 1

    def _publish(self, zone: SignedZone) -> None:
        zone.ds = [key.ds_of(zone.signer.zone.name) for key in zone.signer.known.keys]
        zone.held_until = None
        self.trusted[zone.domain] = zone.ds
        zone.parent.publish(*zone.ds)
        self.counts["DS published"] += 1

    def _withdraw(self, zone: SignedZone) -> None:
        zone.ds = []
        zone.held_until = self._workspace.clock() + timedelta(seconds=zone.parent.ttl)
        zone.parent.publish()
        self.counts["DS withdrawn"] += 1

    def _forget_expired(self) -> None:
        for zone in self._zones:
            if zone.held_until and zone.held_until <= self._workspace.clock():
                zone.held_until = None
                self.trusted.pop(zone.domain, None)

    def _interrupt(self, zone: SignedZone) -> None:
        """Deploy, and end at a command; then the next deployment must go on from there."""
        host = zone.signer.host
        number, is_after = self._random.randint(1, MOST_COMMANDS), self._random.random() < 0.5
        zone.signer.host = replace(host, control=Control(InterruptedTransport(self._pair.connection, number, is_after)))
        try:
            self._deploy(zone)
        except Interrupted:
            self.counts["interrupted"] += 1
        finally:
            zone.signer.host = host
        host.files.discard_all()

    def _deploy(self, zone: SignedZone) -> None:
        """Publish the zone until it is served as stored, and take the steps of the deployer."""
        signer, was_signed = zone.signer, zone.signer.zone.signed
        error = signer.publish()
        self._part.check(error is None, f"{zone.domain} is not published: {error}")
        self._await(zone)
        with suppress(ApplianceError):
            signer.check()
        if was_signed and not signer.zone.signed:
            self.counts["unsigned"] += 1
            self._part.check(
                zone.domain not in self.trusted, f"{zone.domain} is unsigned while a cache may hold its DS"
            )

    def _await(self, zone: SignedZone) -> None:
        try:
            zone.signer.wait_until_served()
        except AssertionError as late:
            self._part.wrong(f"{late}: {zone.signer.contents()}, {zone.signer.zone}")

    def _kill(self, name: str, named: Named) -> None:
        named.stop(signal.SIGKILL)
        if name == "ns1":
            self._lose_file()
            hold_back(self._pair.zones)
        named.start()
        self.counts[f"kills of {name}"] += 1
        server = self._pair.primary if name == "ns1" else self._pair.secondary
        wait_for(lambda: self._pair.serial(server, self._pair.catalog) is not None, f"{name} answers again")

    def _lose_file(self) -> None:
        """Let the signed copy of a zone, which named has written, be gone before its start."""
        zone = self._random.choice(self._zones).signer.zone
        if zone.signed and self._random.random() < LOST:
            self._pair.files.path(zone.uuid).with_suffix(".zone.signed").unlink(missing_ok=True)
            self.counts["signed files lost"] += 1

    def verify(self) -> None:
        """Check all signed zones as a whole at each nameserver, once they are served as stored."""
        for zone in self._zones:
            self._deploy(zone)
            self._await(zone)
            if zone.signer.zone.signed:
                for watcher in self._watchers:
                    verify_zone(self._part, watcher.server, self._pair.transfer_key, zone.domain)

    def report(self, rounds: int, cycles: int) -> None:
        """Print the figures."""
        counts = ", ".join(f"{what} {count:,}" for what, count in sorted(self.counts.items()))
        self._part.figure(f"{rounds} rounds: {counts}")
        for watcher in self._watchers:
            answers = ", ".join(f"{what} {count:,}" for what, count in sorted(watcher.counts.items()))
            self._part.figure(f"{watcher.server.name}: {answers}")
        if self.counts["unsigned"] < cycles:
            self._part.short(f"{self.counts['unsigned']} of {cycles} zones were unsigned")


def _is_not(ended: threading.Event) -> bool:
    return not ended.is_set()


def _any_owner(random: Random) -> str:
    return f"h{random.randrange(OWNERS + 2)}"
