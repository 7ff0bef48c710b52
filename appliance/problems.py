"""What is less than well, in words, each with what to do: for `status`, `/readyz`, `doctor` and the log.

Silence is the worst failure of such a service: whatever is not as it should be is found by reading the store, in four
statements. A time there that is still to come was written before the clock was set back, and says no more than one long
past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.store import deployments, statistics, unknown_zones
from appliance.zones.names import print_domain

LATE_AFTER = timedelta(seconds=60)
"""A zone that is not live for longer is told."""
DEPLOYER_SILENT_AFTER = timedelta(seconds=10)
MOST_NAMED = 100
"""Zones that are told by name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is less than well: of what kind and of whom, what is wrong, and what to do."""

    kind: str
    subject: str
    text: str
    remedy: str


def find_problems(nameservers: Sequence[str], now: datetime) -> list[Problem]:
    """Everything that is less than well now: the deployer, nameservers, zones, zones that the store never knew."""
    deployer = deployer_problem(now)
    return [*([deployer] if deployer else ()), *_nameservers(nameservers), *_zones(now), *_strays()]


def deployer_problem(now: datetime) -> Problem | None:
    """Return what is wrong with the deployer, None while it turns: the one rule for everything that reports it."""
    beat_at = deployments.beat_at()
    if beat_at is None:
        text, remedy = "the deployer has never turned", "start it and read its log"
    elif now - beat_at > DEPLOYER_SILENT_AFTER:
        text = f"the deployer has not turned for {_seconds(now - beat_at)} s"
        remedy = "start it (systemctl start dns-appliance-deployer) and read its log"
    elif beat_at - now > DEPLOYER_SILENT_AFTER:
        ahead = f"the deployer last turned {_seconds(beat_at - now)} s ahead of this clock"
        text = f"{ahead}: it stopped before the clock was set back, or its clock differs"
        remedy = "set the clock right, start the deployer and read its log"
    else:
        return None
    return Problem("deployer", "deployer", text, remedy)


def _nameservers(nameservers: Sequence[str]) -> Iterator[Problem]:
    reaches = statistics.lag_by_nameserver()
    for name in nameservers:
        reach = reaches.get(name)
        if reach and reach.unreachable:
            remedy = "see that named runs there and that UDP and TCP reach it"
            yield Problem("nameserver", name, f"nameserver {name} is unreachable", remedy)
        elif reach and reach.lagging:
            zones = f"{reach.lagging} zone{'s' if reach.lagging > 1 else ''}"
            remedy = "read its log: transfers are refused, cut, or out of disk"
            yield Problem("nameserver", name, f"nameserver {name} is behind with {zones}", remedy)


def _zones(now: datetime) -> Iterator[Problem]:
    for late in statistics.late_zones(MOST_NAMED):
        age = abs(now - late.queued_at)
        if age > LATE_AFTER:
            name = print_domain(late.name)
            wanted = "deleted and still answered" if late.deleted else f"not live at serial {late.serial}"
            reason = f": {late.error}" if late.error else ""
            text = f"zone {name} is {wanted} after {_seconds(age)} s{reason}"
            yield Problem("zone", name, text, f"dns-appliance status {name}")


def _strays() -> Iterator[Problem]:
    for name in unknown_zones.names(MOST_NAMED):
        text = f"zone {name} is served, and the store never knew it; it is kept"
        yield Problem("stray", name, text, "restore the store that knew it, or dns-appliance deployer --allow-removals")


def _seconds(age: timedelta) -> int:
    return int(age.total_seconds())
