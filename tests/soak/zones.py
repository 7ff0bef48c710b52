"""Random valid zones: named-checkzone must accept them, and both nameservers must load and transfer them unchanged.

Some are signed: then all that a nameserver transfers must be validly signed, and its answers of every kind be valid.

Each batch has its own pair of nameservers, started with all its zones: the primary by configuration, the secondary by
the catalog zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar
from uuid import UUID

from dns.name import Name

from appliance.errors import CommandError
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.control import SIGNING, quoted
from appliance.queries.bulk import query_all
from appliance.render.named_conf import catalog_zone
from appliance.zones.delta import WireRecord
from tests.pair import CATALOG, Pair, program, wait_for
from tests.soak.part_run import PartRun
from tests.soak.random_zones import RandomZone, random_zone, zone_of_every_value
from tests.soak.signed_zones import SIGNED_ONE_IN, SignedBatch, extra_zones, may_sign, signed
from tests.soak.transfers import Transfers
from tests.workspace import APEX

Result = TypeVar("Result")

ZONES = 100_000
BATCH = 1_000
WITH_EVERY_ANSWER = 4 * BATCH
"""Every batch whose first number is a multiple of this has signed zones with every value and every kind of answer."""
WORKERS = 3
"""More than processors, since named also needs time to start and answer."""
SERIAL = 2031050400
LOAD_TIMEOUT = 120.0
"""Seconds within which both nameservers must serve all zones of a batch."""


@dataclass(slots=True)
class Batch:
    """Results of a batch."""

    zones: int = 0
    records: int = 0
    signed: int = 0
    answers: int = 0
    """Answers of signed zones that were validated."""
    violations: list[str] = field(default_factory=list)


def run(part: PartRun, zones: int = ZONES) -> None:
    """Test this number of zones, within the time of the part, in several processes."""
    total = Batch()
    for batch in run_batches(part, try_batch, zones, BATCH):
        total.zones += batch.zones
        total.records += batch.records
        total.signed += batch.signed
        total.answers += batch.answers
        for violation in batch.violations:
            part.wrong(violation)
        part.say(f"{total.zones:,} zones, {total.records:,} records")
    part.figure(f"{total.zones:,} zones, {total.records:,} records, {total.zones * 2:,} transfers compared")
    part.figure(f"{total.signed:,} of them signed and verified, {total.answers:,} answers of these validated")
    if total.zones < zones:
        part.short(f"out of time: {zones - total.zones:,} zones were not tested")


def run_batches(
    part: PartRun, job: Callable[[int, int, int], Result], count: int, size: int, workers: int = WORKERS
) -> Iterator[Result]:
    """Yield the results of `job(seed, start, size)` for batches of all numbers, as many as the part has time for."""
    slowest, starts = 0.0, iter(range(0, count, size))
    with ProcessPoolExecutor(workers) as pool:
        running: dict[Future[Result], float] = {}
        while True:
            while len(running) < workers and part.left > slowest and (start := next(starts, None)) is not None:
                running[pool.submit(job, part.seed, start, min(size, count - start))] = part.left
            if not running:
                return
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                slowest = max(slowest, running.pop(done) - part.left)
                yield done.result()


def try_batch(seed: int, start: int, count: int, bind: tuple[Path | None, Path | None] = (None, None)) -> Batch:
    """Generate, serve and compare the zones of these numbers, with the BIND in these folders (see `Pair`)."""
    random = Random(f"{seed}/zones/{start}")
    zones = {UUID(int=number + 1): random_zone(random, number, APEX) for number in range(start + 1, start + count)}
    zones[UUID(int=start + 1)] = zone_of_every_value(start, APEX)
    zones |= {uuid: signed(zone) for uuid, zone in zones.items() if not uuid.int % SIGNED_ONE_IN and may_sign(zone)}
    if not start % WITH_EVERY_ANSWER:
        zones |= {UUID(int=start + count + 1 + one): zone for one, zone in enumerate(extra_zones(start + count, APEX))}
    batch = Batch(len(zones), sum(len(zone.records) for zone in zones.values()))
    batch.signed = sum(zone.is_signed for zone in zones.values())
    pair = Pair(bind)
    write_zones(pair, zones)
    with pair:
        for folder in dict.fromkeys(bind):
            batch.violations += _refused(pair, zones, folder)
        plain = [zone for zone in zones.values() if not zone.is_signed]
        batch.violations += not_served(pair, {zone.name: SERIAL for zone in plain})
        batch.violations += _differences(pair, plain)
        signed_batch = SignedBatch(pair, zones.values(), SERIAL, APEX)
        batch.violations += signed_batch.faults(random)
        batch.answers = signed_batch.answers
    return batch


def write_zones(pair: Pair, zones: dict[UUID, RandomZone]) -> None:
    """Write the zone files, the primary's configuration, and the catalog zone."""
    statements, members = [], []
    for uuid, zone in zones.items():
        path = pair.files.path(uuid)
        path.write_bytes(zone.file(SERIAL, APEX))
        signing = f' {SIGNING} key-directory "{pair.files.make_key_folder(uuid)}";' if zone.is_signed else ""
        statements.append(f'zone {quoted(zone.name)} {{ type primary; file "{path}";{signing} }};\n')
        members.append(f"{uuid.hex}.zones.{CATALOG} 0 IN PTR {zone.name}\n")
    with (pair.root / "ns1" / "named.conf").open("a") as configuration:
        configuration.writelines(statements)
    (pair.root / "ns1" / "catalog.zone").write_text(catalog_zone(CATALOG, 1).decode() + "".join(members))


def _refused(pair: Pair, zones: dict[UUID, RandomZone], bind: Path | None) -> Iterator[str]:
    """Yield the zones that the named-checkzone in that folder refuses."""
    programs = program("named-checkzone", bind), program("named-checkconf", bind)
    checker = ZoneChecker(*programs, timeout=LOAD_TIMEOUT)
    refusals = checker.check({zone.name: pair.files.path(uuid) for uuid, zone in zones.items()})
    for name, refusal in refusals.items():
        yield f"the rules accept {name}, named-checkzone refuses it: {refusal}"


def not_served(pair: Pair, serials: Mapping[Name, int]) -> Iterator[str]:
    """Yield the zones that a nameserver does not serve with this serial within LOAD_TIMEOUT."""
    pending = [(server, zone) for server in (pair.primary, pair.secondary) for zone in serials]

    def answered() -> bool:
        for name in {zone for server, zone in pending if server == pair.secondary}:
            pair.notify(name)
        answers = query_all(pending, timeout=0.5)
        pending[:] = [query for query, answer in answers.items() if not answer or answer.serial != serials[query[1]]]
        return not pending

    try:
        wait_for(answered, "all zones are served", LOAD_TIMEOUT)
    except AssertionError:
        yield from (f"{server.name} does not serve {name} with {serials[name]}" for server, name in pending)


def _differences(pair: Pair, zones: Iterable[RandomZone]) -> Iterator[str]:
    """Yield differences of transferred zones from the generated ones; both nameservers send the same zone at a time."""
    with (
        Transfers(pair.primary, pair.transfer_key) as from_primary,
        Transfers(pair.secondary, pair.transfer_key) as from_secondary,
    ):
        servers = {pair.primary.name: from_primary, pair.secondary.name: from_secondary}
        for zone in zones:
            for transfers in servers.values():
                transfers.request(zone.name)
            stored = zone.content(SERIAL, APEX)
            for name, transfers in servers.items():
                try:
                    served = transfers.read()
                except CommandError as failed:
                    yield f"{name} does not transfer {zone.name}: {failed}"
                    continue
                if served != stored:
                    missing, unexpected = _some(stored - served), _some(served - stored)
                    yield f"{name} transfers {zone.name} without {missing}, with unexpected {unexpected}"


def _some(rows: frozenset[WireRecord]) -> Sequence[WireRecord]:
    return sorted(rows)[:3]
