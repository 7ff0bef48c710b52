"""Zones that are filled in, as the API shows them; names of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.store import deltas, zones
from appliance.zones.names import parse_domain
from bench.systems.appliance import counters, fill_store, process_name
from bench.systems.system import Content
from tests.api.conftest import open_application


def test_filled_zones_are_as_if_created_over_the_api(tmp_path: Path) -> None:
    application = open_application(tmp_path)
    api = application.bearer("bench@example.org")
    api.zone("template.example")
    with application.store.connection():
        fill_store(application.store, "template.example", [Content("two.example", 2), Content("none.example", 0)])
    counts = {zone["domain"]: zone["record_count"] for zone in api("GET", "/dns-zones/").get_json()}
    assert counts == {"none.example": 0, "template.example": 0, "two.example": 2}
    records = api("GET", "/dns-records/?zone=two.example").get_json()
    assert [(one["name"], one["record_type"], one["value"]) for one in records] == [
        ("h1", "A", "10.0.0.1"),
        ("www", "A", "198.18.0.1"),
    ]
    with application.store.connection():
        before = zones.get_by_name(parse_domain("two.example"))
        assert api("PATCH", f"/dns-records/{records[1]['uuid']}/", {"value": "192.0.2.1"}).status_code == 200
        assert before and deltas.since(before.uuid, before.serial).reason is None, "its first change goes by UPDATE"


@pytest.mark.parametrize(
    ("command_line", "name"),
    [
        ("/tmp/bench/named -g -c /tmp/bench/ns2/named.conf", "ns2"),  # noqa: S108 - nothing is written there
        ("/venv/bin/python -m appliance deployer --state /x", "deployer"),
        ("/usr/bin/named-checkconf -z /dev/stdin", "named-checkconf"),
    ],
)
def test_processes_have_names(command_line: str, name: str) -> None:
    assert process_name(command_line) == name


def test_counters_are_read_from_the_metrics() -> None:
    metrics = """# TYPE dns_appliance_published_total counter
dns_appliance_published_total{method="file"} 3.0
dns_appliance_published_total{method="update"} 1.2e+06
dns_appliance_zones{state="live"} 5.0
"""
    assert counters(metrics) == {("published", "file"): 3.0, ("published", "update"): 1_200_000.0}
