"""Measure signed zones beside unsigned ones: a record changed, and zones signed for the first time.

A change of an unsigned zone is published by UPDATE, one of a signed zone by its file. So the same is measured of an
unsigned zone whose content on the primary counts as unproven before each change: that is published by its file too.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from appliance.store.file import sqlite
from appliance.zones.deployment import Method
from appliance.zones.signing import SigningState
from bench.cases.timing import change_one, longest_waits
from bench.run import PAUSE, PROCESSOR, Side
from bench.series import APPLIANCE, Series
from bench.systems.appliance import API, ApplianceSystem
from bench.systems.connection import Connection
from bench.systems.processor import processor_seconds
from bench.systems.system import HOST, Content
from bench.systems.watcher import Watcher
from tests.pair import wait_for

RECORDS = (10, 10_000)
SIGNED, BY_FILE, BY_UPDATE = "signed", "plain, by file", "plain, by UPDATE"
KINDS = {SIGNED: Method.FILE, BY_FILE: Method.FILE, BY_UPDATE: Method.UPDATE}
"""The kinds of zones that are changed, and how their changes are published."""
CHANGED, FIRST_SIGNED = "one record changed, signed and plain", "zone signed for the first time"
_IS_SEEN = (
    "select zone.serial = live_serial and zone.serial = proven from zone join deployment on zone_id = zone.id"
    " where name = ?"
)
_METHOD = "select published_method from zone join deployment on zone_id = zone.id where name = ?"
_FORGET = "update deployment set proven = null where zone_id = (select id from zone where name = ?)"


def signed_zones(rounds: int) -> Iterator[Series]:
    """Yield the series of changes, each size and kind in turn, and those of first signings."""
    with opened_system() as system:
        system.fill([Content(_domain(kind, size), size) for size in RECORDS for kind in KINDS])
        system.start()
        system.wait_until_served()
        with opened_side(system) as side:
            for size in RECORDS:
                yield from _first_signing(system, side, size)
            for size in RECORDS:
                yield from _changes(system, side, size, rounds)


@contextmanager
def opened_system() -> Iterator[ApplianceSystem]:
    """Open an appliance with an account, stopped; at the end nothing of it is left."""
    system = ApplianceSystem()
    try:
        system.start()
        system.stop()
        yield system
    finally:
        system.close()


@contextmanager
def opened_side(system: ApplianceSystem) -> Iterator[Side]:
    """Open a client and watchers of the running appliance."""
    primary, secondary = map(Watcher, system.nameservers)
    with closing(primary), closing(secondary):
        yield Side(system, system.access().open(), primary, secondary)


class SigningClient:
    """Turns DNSSEC on over the API."""

    def __init__(self, system: ApplianceSystem) -> None:
        access = system.access()
        self._http = Connection(access.port, {"Authorization": f"Bearer {access.token}"})

    def sign(self, domain: str) -> None:
        """Have the zone signed from now on."""
        self._http.expect(200, "PATCH", f"{API}/dns-zones/{domain}/", {"dnssec": True})

    def is_signed(self, domain: str) -> bool:
        """Return True if every nameserver is known to serve all of the zone signed."""
        shown: Mapping[str, Any] = json.loads(self._http.expect(200, "GET", f"{API}/dns-zones/{domain}/dnssec/"))
        return shown["state"] not in (SigningState.UNSIGNED, SigningState.SIGNING)


def _domain(kind: str, size: int) -> str:
    return f"{'-'.join(kind.lower().replace(',', '').split())}-{size}.example"


def _first_signing(system: ApplianceSystem, side: Side, size: int) -> Iterator[Series]:
    """Yield the time until all of the zone is known to be served signed, and the longest waits of queries meanwhile."""
    domain, what, seconds = _domain(SIGNED, size), f"{size:,} records", list[float]()
    client = SigningClient(system)

    def sign() -> None:
        began = time.perf_counter()
        client.sign(domain)
        wait_for(lambda: client.is_signed(domain), f"{domain} is signed", 120)
        seconds.append(time.perf_counter() - began)

    waits = list(longest_waits(side, f"{what}, signed for the first time", (f"{HOST}.{domain}", "A"), sign))
    yield Series(FIRST_SIGNED, what, APPLIANCE, "until both nameservers serve it signed", "s", tuple(seconds))
    yield from waits


def _changes(system: ApplianceSystem, side: Side, size: int, rounds: int) -> Iterator[Series]:
    """Yield the series of each kind, one of each in turn, and what a signed zone takes in multiples of the others."""
    found: dict[tuple[str, str], list[float]] = {}
    for kind in KINDS:
        side.client.prepare(_domain(kind, size), [HOST])
    for number in range(rounds):
        for kind in (*KINDS, *KINDS)[number % len(KINDS) :][: len(KINDS)]:
            for point, milliseconds in _change(system, side, kind, size, number).items():
                found.setdefault((kind, point), []).append(milliseconds)
    for kind, method in KINDS.items():
        _require_method(system, _domain(kind, size), method)
    what = f"{size:,} records"
    for (kind, point), values in found.items():
        is_mean = point == PROCESSOR
        measured = (statistics.fmean(values),) if is_mean else tuple(values)
        yield Series(CHANGED, f"{what}, {kind}", APPLIANCE, point, "ms", measured)
    for other in (BY_FILE, BY_UPDATE):
        yield from _ratios(what, other, found)


def _ratios(what: str, other: str, found: Mapping[tuple[str, str], Sequence[float]]) -> Iterator[Series]:
    for point in ("ns1", "ns2"):
        medians = [statistics.median(found[kind, point]) for kind in (SIGNED, other)]
        yield Series(CHANGED, f"{what}, signed / {other}", APPLIANCE, point, "ratio", (medians[0] / medians[1],))


def _change(system: ApplianceSystem, side: Side, kind: str, size: int, number: int) -> dict[str, float]:
    """Change a record and return the milliseconds to each point, and the processor time with the pause after it."""
    domain = _domain(kind, size)
    if kind is BY_FILE:
        _forget_proof(system, domain)
    before = processor_seconds(system.processes())
    points = change_one(domain, HOST, side, number)
    time.sleep(PAUSE)
    return points | {PROCESSOR: (processor_seconds(system.processes()) - before) * 1000}


def _forget_proof(system: ApplianceSystem, domain: str) -> None:
    """Make the deployer publish the next change of the zone by its file."""
    with closing(sqlite.connect(system.store)) as store:
        wait_for(lambda: store.execute(_IS_SEEN, (domain,)).get, f"{domain} is live")
        store.execute(_FORGET, (domain,))


def _require_method(system: ApplianceSystem, domain: str, method: Method) -> None:
    with closing(sqlite.connect(system.store)) as store:
        wait_for(lambda: store.execute(_METHOD, (domain,)).get == method, f"{domain} was published by {method}")
