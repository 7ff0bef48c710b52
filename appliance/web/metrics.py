"""What is measured: requests as they are answered, everything else read from the store when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from appliance.problems import MOST_NAMED
from appliance.store import deployments, statistics, unknown_zones
from appliance.zones.deployment import DeploymentState
from appliance.zones.names import print_domain

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class StoreCollector(Collector):
    """Reads the store when the metrics are asked for; the caller has connected."""

    def __init__(self, nameservers: Sequence[str], clock: Callable[[], datetime]) -> None:
        self._nameservers = nameservers
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Nothing: the store is not read when this is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Every gauge as it is now."""
        yield self._zones()
        yield from self._nameserver_gauges()
        yield from self._deployer()
        yield from self._late_zones()

    def _zones(self) -> Metric:
        gauge = _gauge("zones", "Zones by state of deployment", "state")
        counts = statistics.count_by_state()
        for state in DeploymentState:
            gauge.add_metric([state.value], counts.get(state.value, 0))
        return gauge

    def _nameserver_gauges(self) -> Iterable[Metric]:
        reachable = _gauge("nameserver_reachable", "1 when it answers", "nameserver")
        behind = _gauge("nameserver_zones_behind", "Zones not served at their serial", "nameserver")
        lag = _gauge("nameserver_lag_seconds", "Since the oldest change that it does not serve", "nameserver")
        reaches, lags, now = statistics.lag_by_nameserver(), statistics.oldest_lag_by_nameserver(), self._clock()
        for name in self._nameservers:
            reach = reaches.get(name, statistics.NameserverLag(0, 0))
            reachable.add_metric([name], 0 if reach.unreachable else 1)
            behind.add_metric([name], reach.lagging + reach.unreachable)
            lag.add_metric([name], (now - lags.get(name, now)).total_seconds())
        return reachable, behind, lag

    def _deployer(self) -> Iterable[Metric]:
        unknown = _gauge("unknown_zones", "Zones that are served and that the store never knew")
        unknown.add_metric([], len(unknown_zones.names(MOST_NAMED)))
        sign = deployments.last_heartbeat()
        if sign is None:
            return (unknown,)
        age = _gauge("deployer_heartbeat_age_seconds", "Since the deployer's last turn")
        age.add_metric([], (self._clock() - sign.beat_at).total_seconds())
        turns = _gauge("deployer_reconciliations", "Comparisons of everything since the deployer's start")
        turns.add_metric([], sign.reconciliations)
        waiting = _gauge("deployer_pending_zones", "Zones that wait for the deployer or are under way")
        waiting.add_metric([], sign.pending)
        return unknown, age, turns, waiting

    def _late_zones(self) -> Iterable[Metric]:
        """Of zones that are not live, the longest waiting: never a label for each zone that there is."""
        age = _gauge("zone_not_live_seconds", "Since the last change of a zone that is not live", "zone")
        wanted = _gauge("zone_serial_wanted", "Serial of a zone that is not live", "zone")
        live = _gauge("zone_serial_live", "Serial at which a zone that is not live was last seen everywhere", "zone")
        success = _gauge("zone_live_age_seconds", "Since a zone that is not live last was", "zone")
        now = self._clock()
        for late in statistics.late_zones(MOST_NAMED):
            label = [print_domain(late.name)]
            age.add_metric(label, (now - late.queued_at).total_seconds())
            wanted.add_metric(label, late.serial)
            if late.live_serial is not None and late.live_at is not None:
                live.add_metric(label, late.live_serial)
                success.add_metric(label, (now - late.live_at).total_seconds())
        return age, wanted, live, success


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"dns_appliance_{name}", text, labels=labels)


def register(app: Flask, registry: CollectorRegistry, collector: Collector) -> None:
    """Count every answer, by route and never by path, and read the store through the collector."""
    registry.register(collector)
    answered = Counter(
        "dns_appliance_requests", "Requests answered", labelnames=["route", "method", "status"], registry=registry
    )

    @app.after_request
    def count(answer: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unknown"
        method = request.method if request.method in _METHODS else "other"
        answered.labels(route, method, answer.status_code).inc()
        return answer
