"""For operators: the state of zones and nameservers, a chart of changes, and the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, request

from appliance.console.audit_events import DESCRIPTIONS
from appliance.console.pages import operators_only, pages, render_page
from appliance.principal import EVERYTHING
from appliance.problems import find_problems
from appliance.store import audit, journal, statistics
from appliance.web.context import context, reading
from appliance.web.paging import find_page, neighbours
from appliance.zones.deployment import DeploymentState

HOURS = 48
"""Hours that the chart shows."""
ENTRIES = 50
"""Entries of the audit log on a page."""
HEIGHT, STEP = 120, 14
"""Height of the chart, and distance between columns, in pixels."""


@dataclass(frozen=True, slots=True)
class Column:
    """One hour of the chart: its start, its number of changes, and its place in the image, in pixels."""

    start: datetime
    count: int
    x: int
    y: int
    height: int


@pages.get("/dashboard/", endpoint="dashboard")
@operators_only
def show_dashboard() -> Response:
    """Show problems, zones by state, nameservers, and the chart."""
    now, nameservers = context().clock(), context().nameservers
    with reading():
        counts = statistics.count_by_state()
        lag_counts = dict.fromkeys(statistics.queried_nameservers(), statistics.NameserverLag(0, 0))
        lag_counts |= statistics.lag_by_nameserver()
        lags = statistics.oldest_lag_by_nameserver()
        hours = journal.count_by_hour(now, HOURS)
        problems = find_problems(nameservers, now)
    return render_page(
        "dashboard.html",
        counts={state: counts.get(state, 0) for state in DeploymentState},
        nameservers=nameservers,
        lag_counts=lag_counts,
        lags={name: now - since for name, since in lags.items()},
        columns=columns(hours, now),
        changes=sum(hours),
        busiest=max(hours),
        width=HOURS * STEP,
        height=HEIGHT,
        problems=problems,
    )


@pages.get("/dashboard/audit/", endpoint="audit_log")
@operators_only
def show_audit_log() -> Response:
    """Show the audit log of all accounts, newest first."""
    search = request.args.get("search", "").strip()
    with reading():
        entries, total, shown = find_page(ENTRIES, lambda page: audit.find(EVERYTHING, page, search))
    paging = neighbours(total, shown)
    return render_page("audit_log.html", entries=entries, descriptions=DESCRIPTIONS, search=search, paging=paging)


def columns(hours: list[int], now: datetime) -> list[Column]:
    """Return the columns of the chart, scaled to the busiest hour; an hour with changes is at least 2 pixels high."""
    maximum = max(*hours, 1)
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=len(hours) - 1)
    result = []
    for number, count in enumerate(hours):
        height = max(round(HEIGHT * count / maximum), 2) if count else 0
        result.append(Column(start + timedelta(hours=number), count, number * STEP, HEIGHT - height, height))
    return result
