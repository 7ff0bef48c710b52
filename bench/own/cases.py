"""The benchmarks of the appliance alone, as cases. They need no run of both systems; their sizes are their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from bench.own.bulk import bulk_changes
from bench.own.doors import doors
from bench.own.imports import imports
from bench.own.many_signed import many_signed_zones
from bench.own.pages import pages
from bench.own.powerdns_zone import powerdns_zone
from bench.own.signed import signed_zones
from bench.own.size import ZONES, costs
from bench.run import Run
from bench.series import APPLIANCE, Series


def _doors(_run: Run) -> Iterator[Series]:
    return (_milliseconds("request at a door, until both nameservers serve it", *one) for one in doors())


def _bulk(_run: Run) -> Iterator[Series]:
    for timing in bulk_changes():
        yield _one("large change, in process", timing.what, "total", "s", timing.total)
        yield _one("large change, in process", timing.what, "write lock held", "s", timing.held)


def _imports(_run: Run) -> Iterator[Series]:
    for one in imports():
        yield _one("zone import, the command", one.what, "processor time", "s", one.processor)
        yield _one("zone import, the command", one.what, "largest memory", "MiB", one.memory)


def _pages(_run: Run) -> Iterator[Series]:
    return (_milliseconds("page or answer, in process", *one) for one in chain(pages(), powerdns_zone()))


def _size(_run: Run) -> Iterator[Series]:
    case = f"{ZONES:,} zones"
    for cost in costs():
        yield _one(case, cost.what, "processor time of the deployer's loop a minute", "s", cost.loop)
        yield _one(case, cost.what, "longest wait for the write lock", "ms", cost.lock * 1000)
        yield Series(case, cost.what, APPLIANCE, "edit until ns1 answers", "ms", tuple(s * 1000 for s in cost.edits))


def _signed(run: Run) -> Iterator[Series]:
    return chain(signed_zones(run.scale.rounds), many_signed_zones(run.scale.rounds))


OWN_CASES: dict[str, Callable[[Run], Iterator[Series]]] = {
    "doors": _doors,
    "bulk": _bulk,
    "zone-import": _imports,
    "pages": _pages,
    "size": _size,
    "signed": _signed,
}


def _milliseconds(case: str, what: str, seconds: Iterable[float]) -> Series:
    return Series(case, what, APPLIANCE, "time", "ms", tuple(value * 1000 for value in seconds))


def _one(case: str, what: str, point: str, unit: str, value: float) -> Series:
    return Series(case, what, APPLIANCE, point, unit, (value,))
