"""For operators: how zones and nameservers fare, how much is changed, and who did what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, request

from appliance.console.pages import operators_only, page, pages
from appliance.principal import EVERYTHING
from appliance.problems import find_problems
from appliance.store import audit, journal, statistics
from appliance.web.context import context, reading
from appliance.web.paging import neighbours, pager
from appliance.zones.deployment import DeploymentState

HOURS = 48
"""Hours that the chart shows."""
LINES = 50
"""Lines of the audit log on a page."""
HEIGHT, STEP = 120, 14
"""Of the chart: the highest column, and from one column to the next."""


@dataclass(frozen=True, slots=True)
class Column:
    """An hour of the chart: when it began, how many changes there were, and where it stands."""

    began: datetime
    count: int
    x: int
    y: int
    height: int


@pages.get("/dashboard/", endpoint="dashboard")
@operators_only
def show_dashboard() -> Response:
    """Everything at a glance."""
    now, nameservers = context().clock(), context().nameservers
    with reading():
        counts = statistics.count_by_state()
        reaches, lags = statistics.lag_by_nameserver(), statistics.oldest_lag_by_nameserver()
        hours = journal.count_by_hour(now, HOURS)
        troubles = find_problems(nameservers, now)
    return page(
        "dashboard.html",
        counts={state: counts.get(state, 0) for state in DeploymentState},
        nameservers=nameservers,
        reaches=reaches,
        lags={name: now - since for name, since in lags.items()},
        columns=columns(hours, now),
        changes=sum(hours),
        busiest=max(hours),
        width=HOURS * STEP,
        height=HEIGHT,
        troubles=troubles,
    )


@pages.get("/dashboard/audit/", endpoint="everything")
@operators_only
def show_everything() -> Response:
    """Who did what, on every account, newest first."""
    search, shown = request.args.get("search", "").strip(), pager(LINES)
    with reading():
        entries, total = audit.find(EVERYTHING, shown, search)
    return page("everything.html", entries=entries, words=audit.KINDS, search=search, paging=neighbours(total, shown))


def columns(hours: list[int], now: datetime) -> list[Column]:
    """The hours as columns, the busiest as high as the chart; any change at all is seen."""
    most = max(*hours, 1)
    began = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=len(hours) - 1)
    drawn = []
    for number, count in enumerate(hours):
        height = max(round(HEIGHT * count / most), 2) if count else 0
        drawn.append(Column(began + timedelta(hours=number), count, number * STEP, HEIGHT - height, height))
    return drawn
