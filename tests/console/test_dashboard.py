"""The operators' dashboard: zones by state, nameservers, the chart, and the audit log with search."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

from appliance.console.dashboard import HEIGHT, columns
from appliance.store import heartbeat, zones
from appliance.zones.deployment import NameserverState, Observation
from tests.api.conftest import NS1, NS2
from tests.console.conftest import Console, texts
from tests.deployed import store_attempt, store_live, store_observations

OPERATOR, ME = "op@example.org", "me@example.org"


def test_states_of_zones_and_nameservers(console: Console) -> None:
    me, operator = console.signed_in(ME), console.signed_in(OPERATOR, is_admin=True)
    assert "not checked yet" in operator.get("/dashboard/").text
    paths = [str(me.send("/zones/new/", {"domain": f"{letter}.example"}).location) for letter in "abc"]
    first, second, _ = (UUID(path.split("/")[2]) for path in paths)
    now = console.application.clock()
    with console.application.writing():
        store_live(first, zones.get_any(first).serial, now)
        store_attempt(second, zones.get_any(second).serial, "check: broken")
        store_observations(
            second,
            [
                Observation(NS1, 1, NameserverState.LAGGING, now),
                Observation(NS2, None, NameserverState.UNREACHABLE, now),
            ],
        )
    console.application.clock.forward(minutes=5)
    shown = operator.get("/dashboard/").text
    figures = re.findall(r'class="figure">(\d+)</span> <span class="badge [a-z]*">([a-z]+)', shown)
    assert figures == [("1", "pending"), ("0", "deploying"), ("1", "live"), ("1", "failed")]
    assert "unreachable" in shown and "300 s" in shown
    assert "The deployer has never run" in shown and "check: broken" in shown
    assert "3 in total, 3 in the busiest hour" in shown and " style=" not in shown


def test_without_problems_a_zone_may_still_wait(console: Console) -> None:
    me, operator = console.signed_in(ME), console.signed_in(OPERATOR, is_admin=True)
    me.send("/zones/new/", {"domain": "new.example"})
    with console.application.writing():
        heartbeat.store(heartbeat.Heartbeat(console.application.clock(), None, 0, 0))
    shown = operator.get("/dashboard/").text
    assert "No problems" in shown and "all zones are live" not in shown


def test_the_busiest_hour_has_the_height_of_the_chart() -> None:
    chart = columns([0, 1, 200, 100], datetime(2031, 5, 4, 12, 30, tzinfo=UTC))
    assert [column.height for column in chart] == [0, 2, HEIGHT, HEIGHT // 2]
    assert all(column.y + column.height == HEIGHT for column in chart)
    assert (chart[0].start.hour, chart[3].start.hour) == (9, 12)
    assert [column.height for column in columns([0, 0], datetime(2031, 5, 4, tzinfo=UTC))] == [0, 0]


def test_the_audit_log_is_searched(console: Console) -> None:
    me, operator = console.signed_in(ME), console.signed_in(OPERATOR, is_admin=True)
    for domain in ("first.example", "second.example"):
        me.send("/zones/new/", {"domain": domain})

    def subjects(search: str) -> list[str]:
        return texts(operator.get(f"/dashboard/audit/?search={search}"), r'data-label="Subject"><span>([^ <]*)')

    assert subjects("FIRST") == ["first.example"]
    assert subjects(".example") == ["second.example", "first.example"]
    assert set(subjects(OPERATOR)) == {OPERATOR} and subjects("192.0.2.1")
    assert "No matching entries" in operator.get("/dashboard/audit/?search=<script>").text
    assert len(subjects("")) > 2


def test_the_dashboard_is_for_operators_only(console: Console) -> None:
    me = console.signed_in(ME)
    for path in ("/dashboard/", "/dashboard/audit/"):
        assert me.get(path).status_code == 404
    assert "Dashboard" not in me.get("/zones/").text
