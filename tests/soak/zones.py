"""Random zones that the parsers and rules take: the checker passes them, named loads them, and both nameservers give
back by transfer what was stored, octet for octet.

A batch is a pair of nameservers of its own, started with all its zones: the primary by its configuration, the secondary
by the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from appliance.errors import CommandError
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.control import quoted
from appliance.queries.bulk import query_all
from appliance.render.named_conf import catalog_zone
from tests.pair import CATALOG, Pair, program, wait_for
from tests.soak.part_run import PartRun
from tests.soak.random_zones import RandomZone, grow
from tests.soak.transfers import Row, Transfers
from tests.workspace import APEX

ZONES = 100_000
BATCH = 1_000
WORKERS = 3
"""More than processors: named starts and answers meanwhile."""
SERIAL = 2031050400
LOADING = 120.0
"""Seconds in which both nameservers must serve a whole batch."""


@dataclass(slots=True)
class Batch:
    """What came of a batch."""

    zones: int = 0
    records: int = 0
    violations: list[str] = field(default_factory=list)


def run(part: PartRun, zones: int = ZONES) -> None:
    """So many zones, as far as the time allows, in two processes."""
    total, slowest = Batch(), 0.0
    starts = iter(range(0, zones, BATCH))
    with ProcessPoolExecutor(WORKERS) as workers:
        under_way: dict[Future[Batch], float] = {}
        while True:
            while len(under_way) < WORKERS and part.left > slowest and (start := next(starts, None)) is not None:
                job = workers.submit(try_batch, part.seed, start, min(BATCH, zones - start))
                under_way[job] = part.left
            if not under_way:
                break
            for job in wait(under_way, return_when=FIRST_COMPLETED).done:
                slowest = max(slowest, under_way.pop(job) - part.left)
                _take(part, total, job.result())
    part.figure(f"{total.zones:,} zones, {total.records:,} records, {total.zones * 2:,} transfers compared")
    if total.zones < zones:
        part.short(f"the time was over: {zones - total.zones:,} zones were left out")


def try_batch(seed: int, start: int, count: int) -> Batch:
    """The zones of these numbers, from the seed to the comparison."""
    random = Random(f"{seed}/zones/{start}")
    zones = {UUID(int=number + 1): grow(random, number, APEX) for number in range(start, start + count)}
    batch = Batch(len(zones), sum(len(zone.records) for zone in zones.values()))
    pair = Pair()
    _write(pair, zones)
    with pair:
        batch.violations += _refused(pair, zones)
        batch.violations += _not_served(pair, zones)
        batch.violations += _differences(pair, zones.values())
    return batch


def _write(pair: Pair, zones: dict[UUID, RandomZone]) -> None:
    """The zone files, the primary's configuration, and the catalog with all of them."""
    statements, members = [], []
    for uuid, zone in zones.items():
        path = pair.files.path(uuid)
        path.write_bytes(zone.file(SERIAL, APEX))
        statements.append(f'zone {quoted(zone.name)} {{ type primary; file "{path}"; }};\n')
        members.append(f"{uuid.hex}.zones.{CATALOG} 0 IN PTR {zone.name}\n")
    with (pair.root / "ns1" / "named.conf").open("a") as configuration:
        configuration.writelines(statements)
    (pair.root / "ns1" / "catalog.zone").write_text(catalog_zone(CATALOG, 1).decode() + "".join(members))


def _refused(pair: Pair, zones: dict[UUID, RandomZone]) -> Iterator[str]:
    """What the checker has against the files; all are read in one start when it has nothing."""
    checker = ZoneChecker(program("named-checkzone"), program("named-checkconf"), timeout=LOADING)
    refusals = checker.check({zone.name: pair.files.path(uuid) for uuid, zone in zones.items()})
    for name, refusal in refusals.items():
        yield f"the rules take {name} and the checker refuses it: {refusal}"


def _not_served(pair: Pair, zones: dict[UUID, RandomZone]) -> Iterator[str]:
    """Zones that a nameserver does not serve in all that time."""
    open_questions = [(server, zone.name) for server in (pair.primary, pair.secondary) for zone in zones.values()]

    def answered() -> bool:
        answers = query_all(open_questions, timeout=0.5)
        open_questions[:] = [question for question, answer in answers.items() if not answer or answer.serial != SERIAL]
        return not open_questions

    try:
        wait_for(answered, "all zones are served", LOADING)
    except AssertionError:
        yield from (f"{server.name} does not load {name}" for server, name in open_questions)


def _differences(pair: Pair, zones: Iterable[RandomZone]) -> Iterator[str]:
    """How the zones that both give as a whole differ from the stored ones; both work on the same zone at a time."""
    with (
        Transfers(pair.primary, pair.transfer_key) as from_primary,
        Transfers(pair.secondary, pair.transfer_key) as from_secondary,
    ):
        servers = {pair.primary.name: from_primary, pair.secondary.name: from_secondary}
        for zone in zones:
            for transfers in servers.values():
                transfers.ask(zone.name)
            stored = zone.content(SERIAL, APEX)
            for name, transfers in servers.items():
                try:
                    served = transfers.read()
                except (CommandError, OSError) as failed:
                    yield f"{name} does not transfer {zone.name}: {failed}"
                    if isinstance(failed, OSError):
                        return
                    continue
                if served != stored:
                    yield f"{name} gives {zone.name} without {_some(stored - served)}, with {_some(served - stored)}"


def _some(rows: frozenset[Row]) -> Sequence[Row]:
    return sorted(rows)[:3]


def _take(part: PartRun, total: Batch, batch: Batch) -> None:
    total.zones += batch.zones
    total.records += batch.records
    for violation in batch.violations:
        part.wrong(violation)
    part.say(f"{total.zones:,} zones, {total.records:,} records")
