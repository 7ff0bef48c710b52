"""The exported metrics: requests are counted as they are answered, everything else is read from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from appliance.problems import MOST_NAMED
from appliance.store import heartbeat, signing_summary, statistics, unknown_zones, update_listener
from appliance.store.file.space import measure
from appliance.web.front_doors import doors_of
from appliance.web.shared_counters import SharedCounters
from appliance.zones.deployment import DeploymentState
from appliance.zones.names import print_domain
from appliance.zones.signing import OLD_SIGNATURES

COUNTERS = {
    "published": ("Publications to the primary since the deployer's start, by method", "method"),
    "file_reasons": ("Changes published by file although the primary's content was known, by reason", "reason"),
    "proofs": ("Proofs of what was published by UPDATE, by verdict", "verdict"),
    "file_refreshes": ("Refreshes of zone files after updates since the deployer's start, by result", "result"),
    "audited_zones": ("Whole zones compared with the database since the deployer's start", "nameserver"),
    "audit_differences": ("Zones among them that had other content than the database", "nameserver"),
}
"""What the deployer counts, by the name that it counts it under: the help text, and what its labels are."""
_LABELS = 3
"""Texts of the name of a counter of requests by route; one of a door has two."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class StoreCollector(Collector):
    """The gauges that are read from the store on each scrape; the caller has connected to the store."""

    def __init__(self, nameservers: Sequence[str], clock: Callable[[], datetime], store: Path) -> None:
        self._nameservers = nameservers
        self._clock = clock
        self._store = store

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering does not read the store."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield every gauge with its present values."""
        yield self._zones()
        yield from self._nameserver_gauges()
        yield from self._deployer()
        yield from self._update_listener()
        yield from self._late_zones()
        yield from self._signing()
        yield from self._space()

    def _zones(self) -> Metric:
        gauge = _gauge("zones", "Zones by deployment state", "state")
        counts = statistics.count_by_state()
        for state in DeploymentState:
            gauge.add_metric([state.value], counts.get(state.value, 0))
        return gauge

    def _nameserver_gauges(self) -> Iterable[Metric]:
        reachable = _gauge("nameserver_reachable", "1 if the nameserver answers, else 0", "nameserver")
        behind = _gauge("nameserver_zones_behind", "Zones that it does not serve at their serial", "nameserver")
        age = _gauge("nameserver_lag_seconds", "Seconds since the oldest change that it does not serve", "nameserver")
        lags, oldest, now = statistics.lag_by_nameserver(), statistics.oldest_lag_by_nameserver(), self._clock()
        for name in self._nameservers:
            lag = lags.get(name, statistics.NameserverLag(0, 0))
            reachable.add_metric([name], 0 if lag.unreachable else 1)
            behind.add_metric([name], lag.lagging + lag.unreachable)
            age.add_metric([name], (now - oldest.get(name, now)).total_seconds())
        return reachable, behind, age

    def _deployer(self) -> Iterable[Metric]:
        unknown = _gauge("unknown_zones", "Zones that are served but not in the database")
        unknown.add_metric([], len(unknown_zones.names(MOST_NAMED)))
        latest = heartbeat.last()
        if latest is None:
            return (unknown,)
        age = _gauge("deployer_heartbeat_age_seconds", "Seconds since the last heartbeat of the deployer")
        age.add_metric([], (self._clock() - latest.beat_at).total_seconds())
        reconciliations = _gauge("deployer_reconciliations", "Reconciliations since the deployer's start")
        reconciliations.add_metric([], latest.reconciliations)
        pending = _gauge("deployer_pending_zones", "Zones that wait for the deployer or are being deployed")
        pending.add_metric([], latest.pending)
        audit = _gauge("audit_age_seconds", "Seconds since the oldest comparison of a whole zone with the database")
        if (since := latest.figures.get("audited_since")) is not None:
            audit.add_metric([], self._clock().timestamp() - since[""])
        return unknown, age, reconciliations, pending, audit, *_counters(latest.figures)

    def _update_listener(self) -> Iterable[Metric]:
        report = update_listener.last()
        if report is None:
            return ()
        age = _gauge("update_listener_report_age_seconds", "Seconds since the last report of the listener for updates")
        age.add_metric([], (self._clock() - report.beat_at).total_seconds())
        text = "Messages that the listener for DNS UPDATE answered since its start, by response code"
        responses = CounterMetricFamily("dns_appliance_update_responses", text, labels=["rcode"])
        for rcode, count in sorted(report.responses.items()):
            responses.add_metric([rcode], count)
        return age, responses

    def _late_zones(self) -> Iterable[Metric]:
        """Yield gauges of the zones that have not been live for longest, limited in number to bound the labels."""
        age = _gauge("zone_not_live_seconds", "Seconds since the last change of a zone that is not live", "zone")
        desired = _gauge("zone_serial_desired", "Desired serial of a zone that is not live", "zone")
        live = _gauge("zone_serial_live", "Serial that every nameserver last served of a zone that is not live", "zone")
        success = _gauge("zone_live_age_seconds", "Seconds since a zone that is not live was last live", "zone")
        now = self._clock()
        for late in statistics.late_zones(MOST_NAMED):
            label = [print_domain(late.name)]
            age.add_metric(label, (now - late.queued_at).total_seconds())
            desired.add_metric(label, late.serial)
            if late.live_serial is not None and late.live_at is not None:
                live.add_metric(label, late.live_serial)
                success.add_metric(label, (now - late.live_at).total_seconds())
        return age, desired, live, success

    def _signing(self) -> Iterable[Metric]:
        states = _gauge("signed_zones", "Zones that are signed with DNSSEC, or were just before, by state", "state")
        for state, number in signing_summary.count_by_state().items():
            states.add_metric([state.value], number)
        now, text = self._clock(), "Seconds until the first DNSSEC signature that the nameserver serves expires"
        expiry = _gauge("signature_expiry_seconds", text, "nameserver")
        for name in self._nameservers:
            if first := signing_summary.first_expiry(name):
                expiry.add_metric([name], (first - now).total_seconds())
        problems = _gauge("signing_problems", f"Zones with a problem of DNSSEC, up to {MOST_NAMED}", "problem")
        found = signing_summary.count_by_problem(self._nameservers, now + OLD_SIGNATURES, MOST_NAMED)
        for problem, number in found.items():
            problems.add_metric([problem.value], number)
        return states, expiry, problems

    def _space(self) -> Iterable[Metric]:
        space = measure(self._store)
        if space is None:
            return ()
        size = _gauge("store_size_bytes", "Size of the database, and of its write-ahead log", "file")
        size.add_metric(["database"], space.database)
        size.add_metric(["log"], space.log)
        free = _gauge("store_free_bytes", "Free space on the disk of the database")
        free.add_metric([], space.free)
        return size, free


def _counters(figures: Mapping[str, Mapping[str, float]]) -> Iterable[Metric]:
    for name, (text, label) in COUNTERS.items():
        counter = CounterMetricFamily(f"dns_appliance_{name}", text, labels=[label])
        for value, number in sorted(figures.get(name, {}).items()):
            counter.add_metric([value], number)
        yield counter


class RequestCollector(Collector):
    """The requests that all processes have answered, by route, and those of doors by door."""

    def __init__(self, counters: SharedCounters) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        """Yield both counters."""
        responses = CounterMetricFamily(
            "dns_appliance_requests", "Requests answered", labels=("route", "method", "status")
        )
        of_doors = CounterMetricFamily(
            "dns_appliance_door_requests", "Requests answered by doors", labels=("door", "status")
        )
        for name, value in sorted(self._counters.totals().items()):
            (responses if len(name) == _LABELS else of_doors).add_metric(name, value)
        return responses, of_doors


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"dns_appliance_{name}", text, labels=labels)


def register(app: Flask, registry: CollectorRegistry, collector: Collector, counters: SharedCounters) -> None:
    """Register the gauges, and count every response by its route, never by its path, and those of doors by door."""
    registry.register(collector)
    registry.register(RequestCollector(counters))

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unknown"
        method = request.method if request.method in _METHODS else "other"
        counters.add(route, method, str(response.status_code))
        door = doors_of(app).at(request.path).name
        if door:
            counters.add(door, str(response.status_code))
        return response
