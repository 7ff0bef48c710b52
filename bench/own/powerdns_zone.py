"""Measure the PowerDNS API on a zone of 10,000 records: the application alone, without network and deployer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.api.conftest import open_application
from tests.doors.conftest import key_client
from tests.doors.powerdns.calls import ZONE, change, created, patched

RECORDS = 10_000
ROUNDS = 20


def powerdns_zone() -> Iterator[tuple[str, Iterator[float]]]:
    """Yield the name of each call, and the seconds that each of its rounds takes."""
    with TemporaryDirectory(prefix="bench-") as folder:
        pdns = key_client(open_application(Path(folder)))
        hosts = [f"host-{number}.example.com." for number in range(RECORDS)]
        created(pdns, rrsets=[change(host, "A", "REPLACE", "192.0.2.1") for host in hosts])
        yield f"PowerDNS: GET a zone of {RECORDS:,} records", _rounds(lambda _: pdns("GET", ZONE))
        yield "the same, one RRset", _rounds(lambda _: pdns("GET", f"{ZONE}?rrset_name={hosts[-1]}"))
        address = change(hosts[0], "A", "REPLACE", "192.0.2.1")
        yield "the same, PATCH of one RRset", _rounds(lambda number: patched(pdns, address | {"ttl": number}))


def _rounds(call: Callable[[int], object]) -> Iterator[float]:
    for number in range(ROUNDS):
        began = time.perf_counter()
        call(number)
        yield time.perf_counter() - began
