"""The problems of the service, each with its remedy: for `status`, `/readyz`, `doctor` and the log.

They are found by reading the store, in six statements. A time in the store that is still to come was written before
the clock was set back; it is treated like one as long past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.store import faults, heartbeat, statistics, unknown_zones, update_listener
from appliance.store.file.space import Space
from appliance.zones.deployment_error import PATIENCE
from appliance.zones.names import print_domain

LATE_AFTER = timedelta(seconds=60)
"""A zone that is not live after this time is a problem."""
DEPLOYER_SILENT_AFTER = timedelta(seconds=10)
LISTENER_SILENT_AFTER = timedelta(seconds=60)
MOST_NAMED = 100
"""Zones that are reported by name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: its kind and subject, what is wrong, and what to do."""

    kind: str
    subject: str
    text: str
    remedy: str


def find_problems(nameservers: Sequence[str], now: datetime, space: Space | None = None) -> list[Problem]:
    """Return all problems: of the deployer, keys, listener, nameservers, zones, and zones that are not in the database.

    `space` is that of the database: a deployer that is silent because its disk is full is not to blame.
    """
    deployer, listener = deployer_problem(now), listener_problem(now)
    if deployer and space and space.is_full:
        remedy = "free some space: the deployer continues by itself"
        deployer = Problem("store", "database", "the disk of the database is full", remedy)
    return [
        *([deployer] if deployer else ()),
        *_faults(),
        *([listener] if listener else ()),
        *_nameservers(nameservers, now),
        *_zones(now),
        *_unknown_zones(),
    ]


def deployer_problem(now: datetime) -> Problem | None:
    """Return what is wrong with the deployer, None if it runs: the one rule for everything that reports it."""
    beat_at = heartbeat.last_at()
    if beat_at is None:
        text, remedy = "the deployer has never run", "start it and read its log"
    elif now - beat_at > DEPLOYER_SILENT_AFTER:
        text = f"the deployer has not reported for {_seconds(now - beat_at)} s"
        remedy = "start it (systemctl start dns-appliance-deployer) and read its log"
    elif beat_at - now > DEPLOYER_SILENT_AFTER:
        ahead = f"the deployer last reported {_seconds(beat_at - now)} s ahead of this clock"
        text = f"{ahead}: it stopped before the clock was set back, or its clock differs"
        remedy = "correct the clock, start the deployer and read its log"
    else:
        return None
    return Problem("deployer", "deployer", text, remedy)


def listener_problem(now: datetime) -> Problem | None:
    """Return what is wrong with the listener for DNS UPDATE, None if it runs or was stopped as requested."""
    report = update_listener.last()
    age = abs(now - report.beat_at) if report else timedelta()
    if age <= LISTENER_SILENT_AFTER:
        return None
    text = f"the listener for DNS UPDATE has not reported for {_seconds(age)} s"
    return Problem("updates", "updates", text, "start it (systemctl start dns-appliance-updates) and read its log")


def _faults() -> Iterator[Problem]:
    for fault in faults.all_faults():
        yield Problem("fault", fault.subject, fault.text, fault.remedy)


def _nameservers(nameservers: Sequence[str], now: datetime) -> Iterator[Problem]:
    """Yield silent nameservers, and those that have not served a zone for more than `PATIENCE`."""
    lags = statistics.lag_by_nameserver(now, PATIENCE)
    for number, name in enumerate(nameservers):
        lag = lags.get(name)
        if lag and lag.unreachable:
            remedy = "check that named runs there and that UDP and TCP reach it"
            yield Problem("nameserver", name, f"nameserver {name} is unreachable", remedy)
        elif lag and lag.lagging:
            zones = f"{lag.lagging} zone{'s' if lag.lagging > 1 else ''}"
            cause = "transfers may be refused or interrupted" if number else "it may not have loaded them"
            remedy = f"read its log: {cause}, or its disk may be full"
            yield Problem("nameserver", name, f"nameserver {name} is lagging for {zones}", remedy)


def _zones(now: datetime) -> Iterator[Problem]:
    for late in statistics.late_zones(MOST_NAMED):
        age = abs(now - late.queued_at)
        if age > LATE_AFTER:
            name = print_domain(late.name)
            fault = "deleted and still served" if late.deleted else f"not live at serial {late.serial}"
            reason = f": {late.error}" if late.error else ""
            text = f"zone {name} is {fault}, {_seconds(age)} s after its last change{reason}"
            yield Problem("zone", name, text, f"run dns-appliance status {name}")


def _unknown_zones() -> Iterator[Problem]:
    for name in unknown_zones.names(MOST_NAMED):
        text = f"zone {name} is served but not in the database; it is kept"
        yield Problem(
            "unknown-zone", name, text, "restore a backup with it, or run dns-appliance deployer --allow-removals"
        )


def _seconds(age: timedelta) -> int:
    return int(age.total_seconds())
