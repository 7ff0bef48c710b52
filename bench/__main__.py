"""Measure the time from a write over the API to the answer of the nameservers, on an appliance of its own.

Each figure is the time from sending the request to the first answer that shows the change, queried over DNS in a loop;
so it includes HTTP, commit, compilation, check, reload and transfer. `bench.doors` measures the doors of other
protocols, `bench.powerdns_zone` large answers of the PowerDNS API, `bench.pages` pages of the console, `bench.bulk`
large changes, `bench.imports` `zone import`, `bench.size` 10,000 zones.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from bench import size
from bench.bulk import bulk_changes
from bench.doors import doors
from bench.imports import imports
from bench.pages import pages
from bench.powerdns_zone import powerdns_zone
from tests.appliance import Appliance, Client, timed

ROUNDS = 50
BURST = 200
PAUSE = 0.1


def main() -> None:
    """Run every benchmark and print a line for each."""
    with Appliance() as appliance:
        api = appliance.client(appliance.token("bench@example.org"))
        _print("answer to POST record (HTTP alone)", _http_alone(api))
        _print("create zone until ns2 answers", _creates(appliance, api))
        for server in (1, 2):
            _print(f"one record changed until ns{server} answers", _changes(appliance, api, server))
        _print("PATCH with Prefer: wait, both seen live", _waits(api))
        _burst(appliance, api)
        _print("10,000 records in one POST changes/", _bulk(api))
    for what, door_seconds in doors():
        _print(what, iter(door_seconds))
    for timing in bulk_changes():
        print(f"{timing.what:45} total {timing.total:6.3f} s  write lock {timing.held:6.3f} s", flush=True)
    for one in imports():
        print(
            f"{one.what:45} {one.seconds:6.1f} s, {one.processor:.1f} s of processor time, {one.memory:.0f} MiB",
            flush=True,
        )
    for what, seconds in chain(pages(), powerdns_zone()):
        _print(what, seconds)
    size.main()


def _http_alone(api: Client) -> Iterator[float]:
    zone = api.zone("http.example.org")
    for number in range(ROUNDS):
        began = time.perf_counter()
        api.record(zone, "A", f"h{number}", "192.0.2.1")
        yield time.perf_counter() - began
        time.sleep(PAUSE)


def _creates(appliance: Appliance, api: Client) -> Iterator[float]:
    for number in range(ROUNDS):
        domain = f"create-{number}.example.org"
        yield timed(lambda: api.zone(domain), lambda: appliance.rcode(domain, 2) == "NOERROR")  # noqa: B023 - called at once
        time.sleep(PAUSE)


def _changes(appliance: Appliance, api: Client, server: int) -> Iterator[float]:
    zone = api.zone(f"change-{server}.example.org")
    record = api.record(zone, "A", "www", "192.0.2.1")
    api.wait_until_live(zone)
    for number in range(ROUNDS):
        yield timed(*_change(appliance, api, record, f"198.51.100.{number + 1}", server))
        time.sleep(PAUSE)


def _change(
    appliance: Appliance, api: Client, record: dict[str, Any], address: str, server: int
) -> tuple[Callable[[], object], Callable[[], bool]]:
    wire = bytes(map(int, address.split(".")))
    return (
        lambda: api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": address}),
        lambda: wire in appliance.answer(record["fqdn"], "A", server)[1],
    )


def _waits(api: Client) -> Iterator[float]:
    zone = api.zone("wait.example.org")
    record = api.record(zone, "A", "www", "192.0.2.1")
    api.wait_until_live(zone)
    for number in range(ROUNDS):
        began = time.perf_counter()
        body = {"value": f"198.51.100.{number + 1}"}
        response = api("PATCH", f"/dns-records/{record['uuid']}/", body, {"Prefer": "wait=30"})
        if response.headers["X-Deployment"] != "live":
            raise SystemExit(f"not live: {response.headers}")
        yield time.perf_counter() - began
        time.sleep(PAUSE)


def _burst(appliance: Appliance, api: Client) -> None:
    zone = api.zone("burst.example.org")
    api.wait_until_live(zone)
    before = appliance.log("deployer").count("event=deployed zone=burst.example.org")
    began = time.perf_counter()
    for number in range(BURST):
        api.record(zone, "A", f"h{number}", "192.0.2.1")
    written = time.perf_counter() - began
    api.wait_until_live(zone)
    took = time.perf_counter() - began
    deployments = appliance.log("deployer").count("event=deployed zone=burst.example.org") - before
    print(
        f"{BURST} writes to one zone: {BURST / written:.0f} writes/s, live {took - written:.3f} s after the last, "
        f"{deployments} deployments, {deployments / took:.1f} a second"
    )


def _bulk(api: Client) -> Iterator[float]:
    records = [{"record_type": "A", "name": f"h{at}", "value": f"10.0.{at // 256}.{at % 256}"} for at in range(10_000)]
    changes = [{"action": "create", **record} for record in records]
    for number in range(3):
        zone = api.zone(f"bulk-{number}.example.org")
        began = time.perf_counter()
        api.expect(200, "POST", f"/dns-zones/{zone['uuid']}/changes/", {"changes": changes})
        yield time.perf_counter() - began


def _print(what: str, seconds: Iterator[float]) -> None:
    values = sorted(value * 1000 for value in seconds)
    p90, p95 = (values[int(len(values) * share)] for share in (0.9, 0.95))
    print(
        f"{what:45} n={len(values)}  median {statistics.median(values):6.1f} ms  p90 {p90:6.1f} ms  p95 {p95:6.1f} ms  "
        f"max {values[-1]:6.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
