"""What is measured: requests as they are answered, everything else read from the store when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from appliance.store import outcomes
from appliance.zones.deployment import State
from appliance.zones.names import print_domain

MAX_LATE_ZONES = 100
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
        yield self._late_zones()

    def _zones(self) -> Metric:
        gauge = GaugeMetricFamily("dns_appliance_zones", "Zones by state of deployment", labels=["state"])
        counts = outcomes.count_by_state()
        for state in State:
            gauge.add_metric([state.value], counts.get(state.value, 0))
        return gauge

    def _nameserver_gauges(self) -> Iterable[Metric]:
        reachable = GaugeMetricFamily("dns_appliance_nameserver_reachable", "1 when it answers", labels=["nameserver"])
        behind = GaugeMetricFamily(
            "dns_appliance_nameserver_zones_behind", "Zones not served at their serial", labels=["nameserver"]
        )
        reaches = outcomes.reaches_of_nameservers()
        for name in self._nameservers:
            reach = reaches.get(name, outcomes.Reach(0, 0))
            reachable.add_metric([name], 0 if reach.unreachable else 1)
            behind.add_metric([name], reach.lagging + reach.unreachable)
        return reachable, behind

    def _deployer(self) -> Iterable[Metric]:
        turned_at = outcomes.turned_at()
        if turned_at is not None:
            age = (self._clock() - turned_at).total_seconds()
            yield GaugeMetricFamily("dns_appliance_deployer_turn_age_seconds", "Since the deployer's last turn", age)

    def _late_zones(self) -> Metric:
        gauge = GaugeMetricFamily(
            "dns_appliance_zone_not_live_seconds",
            f"Since the last change of a zone that is not live, the {MAX_LATE_ZONES} oldest",
            labels=["zone"],
        )
        now = self._clock()
        for name, since in outcomes.not_live(MAX_LATE_ZONES):
            gauge.add_metric([print_domain(name)], (now - since).total_seconds())
        return gauge


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
