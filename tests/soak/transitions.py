"""Random zones led from content to content by UPDATE, as the deployer does it.

After every step both nameservers must have the new content, and an IXFR from the serial before must be the difference;
at the end the primary is killed, and has all of it after a restart.
"""

from __future__ import annotations

import select
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from appliance.errors import CommandError
from appliance.nameserver.update_client import UpdateClient
from appliance.nameserver.update_messages import UpdateMessage, update_messages
from appliance.queries.difference import DifferenceClient
from appliance.zones.delta import VersionDelta, WireRecord, ZoneNames, between, file_reason, net
from appliance.zones.serial import MODULUS
from tests.pair import Pair
from tests.soak.part_run import PartRun
from tests.soak.random_zones import RandomZone, next_version, random_zone, zone_of_every_value
from tests.soak.transfers import Transfers
from tests.soak.zones import SERIAL, not_served, run_batches, write_zones
from tests.workspace import APEX

TRANSITIONS = 100_000
BATCH = 250
ROUNDS = 10
"""Steps of each zone of a batch."""
SERIAL_STEPS = (1, 1, 1, 100, 2**25)
"""By how much a serial rises. All steps of a batch are less than 2^31 together: named loads no longer journal."""
MOST_VERSIONS = 3
"""Versions in one step: they are led through in one message, or in several."""
TRIES = 5
"""Contents that are tried until one needs no file."""


@dataclass(slots=True)
class Steps:
    """Results of a batch: zones that were led from content to content, how their IXFR came, and what was wrong."""

    transitions: int = 0
    versions: int = 0
    records: int = 0
    differences: int = 0
    whole: int = 0
    files: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: Steps) -> None:
        """Add the numbers of another batch."""
        self.transitions += other.transitions
        self.versions += other.versions
        self.records += other.records
        self.differences += other.differences
        self.whole += other.whole
        self.files += other.files

    @property
    def text(self) -> str:
        """Return the numbers for people."""
        return (
            f"{self.transitions:,} transitions by UPDATE, {self.versions:,} versions, {self.records:,} record changes; "
            f"IXFR: {self.differences:,} differences, {self.whole:,} whole zones; {self.files:,} contents need a file"
        )


@dataclass(slots=True)
class _State:
    """A zone as it should be served, and what leads there from `before`."""

    zone: RandomZone
    serial: int
    before: int
    versions: list[VersionDelta] = field(default_factory=list)


def run(part: PartRun, transitions: int = TRANSITIONS) -> None:
    """Lead zones through this number of steps, within the time of the part, in several processes."""
    total = Steps()
    for steps in run_batches(part, try_transitions, transitions // ROUNDS, BATCH):
        total.add(steps)
        for violation in steps.violations:
            part.wrong(violation)
        part.say(total.text)
    part.figure(total.text)
    if total.transitions < transitions * 0.9:  # a few zones have no other content that needs no file
        part.short(f"out of time: {transitions - total.transitions:,} transitions were not tested")


def try_transitions(
    seed: int, start: int, count: int, rounds: int = ROUNDS, bind: tuple[Path | None, Path | None] = (None, None)
) -> Steps:
    """Lead random zones of these numbers from content to content, with the BIND in these folders (see `Pair`)."""
    random, steps = Random(f"{seed}/transitions/{start}"), Steps()
    zones = {UUID(int=number + 1): random_zone(random, number, APEX) for number in range(start + 1, start + count)}
    zones[UUID(int=start + 1)] = zone_of_every_value(start, APEX)
    pair = Pair(bind)
    write_zones(pair, zones)
    states = [_State(zone, SERIAL, SERIAL) for zone in zones.values()]
    with pair:
        steps.violations += not_served(pair, {zone.name: SERIAL for zone in zones.values()})
        for _ in range(rounds):
            for state in states:
                _advance(random, state, steps)
            steps.violations += _send_all(pair, states)
            steps.violations += _wrong_differences(pair, states, steps)
            steps.violations += not_served(pair, {state.zone.name: state.serial for state in states})
            steps.violations += _wrong_content(pair, states)
        pair.ns1.stop(signal.SIGKILL)
        pair.ns1.start()
        steps.violations += not_served(pair, {state.zone.name: state.serial for state in states})
        steps.violations += _wrong_content(pair, states)
    return steps


def _advance(random: Random, state: _State, steps: Steps) -> None:
    """Give the zone a few other contents, one after the other, each with a later serial."""
    state.before, state.versions = state.serial, []
    for _ in range(random.randint(1, MOST_VERSIONS)):
        for _ in range(TRIES):
            zone = next_version(random, state.zone, APEX)
            delta = between(_records(state.zone), _records(zone))
            names = ZoneNames(zone.name.to_digestable(), {one.to_digestable() for one in APEX.servers})
            if file_reason(delta, names) is None:
                break
            steps.files += 1
        else:
            continue
        state.serial = (state.serial + random.choice(SERIAL_STEPS)) % MODULUS or 1
        state.zone = zone
        state.versions.append(VersionDelta(state.serial, delta))
        steps.records += len(delta.removed) + len(delta.added)
    steps.versions += len(state.versions)
    steps.transitions += bool(state.versions)


def _records(zone: RandomZone) -> frozenset[WireRecord]:
    return frozenset(one for one in zone.content(SERIAL, APEX) if one.rdtype != RdataType.SOA)


def _send_all(pair: Pair, states: Collection[_State]) -> Iterator[str]:
    """Send the messages of all zones, each after the response to the one before; yield what was refused.

    A busy nameserver may not respond in time: the message is sent again, and NXRRSET then says that it was applied.
    """
    client = UpdateClient(pair.primary.endpoint, pair.update_key, lambda: datetime.now(UTC), time.monotonic)
    waiting = [update_messages(one.zone.name, APEX.soa, one.before, one.versions)[::-1] for one in states]
    rests: dict[Name, list[UpdateMessage]] = {}
    unanswered: set[UpdateMessage] = set()
    with closing(client):
        while any(waiting) or rests:
            while waiting and client.free:
                rest = waiting.pop()
                if rest and client.send(rest[-1]):
                    rests[rest[-1].zone] = rest
            select.select([client], [], [], client.next_timeout())
            for response in client.responses():
                rest = rests.pop(response.message.zone)
                if response.rcode is None:
                    unanswered.add(response.message)
                elif response.rcode == Rcode.NOERROR or (
                    response.rcode == Rcode.NXRRSET and response.message in unanswered
                ):
                    rest.pop()
                else:
                    yield f"{response.message.zone} from {response.message.before}: {response.rcode}"
                    continue
                waiting.append(rest)


def _wrong_differences(pair: Pair, states: Collection[_State], steps: Steps) -> Iterator[str]:
    """Yield the zones of which an IXFR from the serial before is not what was sent."""
    client = DifferenceClient(pair.primary.endpoint, pair.transfer_key, lambda: datetime.now(UTC), 30)
    with closing(client):
        for state in states:
            try:
                found = client.fetch(state.zone.name, state.before)
            except CommandError as failed:
                yield f"{state.zone.name}: {failed}"
                continue
            if found.records is not None:
                is_right = found.records == _records(state.zone)
                steps.whole += 1
            else:
                is_right = found.delta == net(version.delta for version in state.versions)
                steps.differences += bool(state.versions)
            if not is_right or found.soa.rdata != APEX.soa.rdata(state.serial):
                yield f"the IXFR of {state.zone.name} from {state.before} is not the difference"


def _wrong_content(pair: Pair, states: Collection[_State]) -> Iterator[str]:
    """Yield the zones that a nameserver transfers otherwise than they should be."""
    with ExitStack() as stack:
        servers = [
            (server.name, stack.enter_context(Transfers(server, pair.transfer_key)))
            for server in (pair.primary, pair.secondary)
        ]
        for state in states:
            for _, transfers in servers:
                transfers.request(state.zone.name)
            for name, transfers in servers:
                if transfers.read() != state.zone.content(state.serial, APEX):
                    yield f"{name} does not have the content {state.serial} of {state.zone.name}"
