"""The problems of the service, each with its remedy: for `status`, `/readyz`, `doctor` and the log.

They are found by reading the store, in eight statements and one for each nameserver. A time in the store that is still
to come was written before the clock was set back; it is treated like one as long past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dns.name import Name

from appliance.store import faults, heartbeat, signing_summary, statistics, unknown_zones, update_listener
from appliance.store.file.space import Space
from appliance.zones.deployment_error import PATIENCE
from appliance.zones.names import print_domain
from appliance.zones.signing import OLD_SIGNATURES, SigningProblem

LATE_AFTER = timedelta(seconds=60)
"""A zone that is not live after this time is a problem."""
DEPLOYER_SILENT_AFTER = timedelta(seconds=10)
LISTENER_SILENT_AFTER = timedelta(seconds=60)
MOST_NAMED = 100
"""Zones that are reported by name."""

_OF_ZONE = {
    SigningProblem.KEYS_MISSING: (
        "DNSSEC key files of zone {zone} are missing: it stays served, but its changes are not published",
        "dns-appliance restore FILE --keys-only, from a backup that has them (docs/dnssec.md, keys-missing)",
    ),
    SigningProblem.KEYS_DIFFER: (
        "zone {zone} is served with DNSSEC keys that are not its own: resolvers that have its DS refuse it",
        "on the primary stop named, dns-appliance restore FILE --keys-only, start named (docs/dnssec.md, keys-differ)",
    ),
    SigningProblem.DS_MISMATCH: (
        "the parent of zone {zone} has a DS, but of no key of the zone: resolvers that validate refuse the zone",
        "have that DS removed at the registrar; `dns-appliance zone dnssec {zone}` shows the right one",
    ),
    SigningProblem.STUCK: (
        "named signs zone {zone}, but does not publish its changes",
        "the deployer has it signed again; if this lasts for minutes, read its log for event=zone-stuck",
    ),
}
_OF_ALL = {
    SigningProblem.KEY_NOT_BACKED_UP: (
        "no backup has the DNSSEC keys of {zones}, whose DS the parent may have",
        "dns-appliance backup FILE; check that dns-appliance-backup.timer runs",
    ),
    SigningProblem.PARENT_UNKNOWN: (
        "the parent could not be queried for the DS of {zones}: what was known of it holds",
        "check that dns.resolver answers, and that port 53 of other servers can be reached from here over TCP",
    ),
}


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
        *_signing(nameservers, now),
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


def _signing(nameservers: Sequence[str], now: datetime) -> Iterator[Problem]:
    """Yield the problems of DNSSEC: those that ask for a step for one zone by zone, others for all zones at once."""
    found = signing_summary.with_problems(MOST_NAMED)
    for zone, kinds in found:
        for kind in (kind for kind in kinds if kind in _OF_ZONE):
            text, remedy = (part.format(zone=print_domain(zone)) for part in _OF_ZONE[kind])
            yield Problem(kind.value, print_domain(zone), text, remedy)
    of_all = {kind: [zone for zone, kinds in found if kind in kinds] for kind in _OF_ALL}
    of_all[SigningProblem.KEY_NOT_BACKED_UP] = signing_summary.with_keys_at_risk(MOST_NAMED)
    for kind, zones in of_all.items():
        if zones:
            text, remedy = _OF_ALL[kind]
            yield Problem(kind.value, "zones", text.format(zones=_list(zones)), remedy)
    for number, name in enumerate(nameservers):
        zones = signing_summary.expiring(name, now + OLD_SIGNATURES, MOST_NAMED)
        if zones:
            text = f"DNSSEC signatures of {_list(zones)} at {name} expire within {OLD_SIGNATURES.days} days"
            cause = "transfers may be failing" if number else "it may be unable to read keys or write files"
            remedy = f"check that named runs there and read its log: {cause}"
            yield Problem(SigningProblem.SIGNATURES_OLD.value, name, text, remedy)


def _list(zones: Sequence[Name]) -> str:
    """Return one zone by its name, more by their number and the first."""
    first, number = print_domain(zones[0]), len(zones)
    many = f"{number} or more" if number >= MOST_NAMED else str(number)
    return f"zone {first}" if number == 1 else f"{many} zones, such as {first}"


def _unknown_zones() -> Iterator[Problem]:
    for name in unknown_zones.names(MOST_NAMED):
        text = f"zone {name} is served but not in the database; it is kept"
        yield Problem(
            "unknown-zone", name, text, "restore a backup with it, or run dns-appliance deployer --allow-removals"
        )


def _seconds(age: timedelta) -> int:
    return int(age.total_seconds())
