"""What a change set comes to: refused, or the zone after it; computed from what was read, without the write lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from appliance.editing.caller import check_grant
from appliance.editing.change_set import ChangeSet
from appliance.editing.diff import Diff
from appliance.editing.quotas import refuse_records_over
from appliance.errors import Finding, RuleBroken
from appliance.principal import Principal
from appliance.render.zone_file import record_line
from appliance.settings import QuotaSettings
from appliance.store.record_writes import Statement, prepare
from appliance.store.zones import Versions
from appliance.zones import rules
from appliance.zones.changes import Change, Create, Delete, changes_serial, touched_owners
from appliance.zones.model import Zone
from appliance.zones.serial import next_serial


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A diff, the versions of the zones that it depends on, and the statements that store it."""

    diff: Diff
    read: Versions
    statements: Sequence[Statement]


def evaluate(change_set: ChangeSet, caller: Principal, quotas: QuotaSettings) -> Evaluation:
    """Return what the change set comes to; an InputError or NotPermitted says why it may not be stored."""
    zone, changes = change_set.zone, change_set.changes()
    if not changes:
        return Evaluation(Diff(zone, zone, ()), change_set.read, ())
    for change in changes:
        check_grant(caller, zone, change)
    change_set.refuse_equals()
    _check_rules(change_set, changes)
    growth = sum(map(_growth, changes))
    refuse_records_over(quotas, caller, zone, growth)
    diff = Diff(zone, _after(change_set, changes, growth), tuple(changes))
    return Evaluation(diff, change_set.read, prepare(zone, changes, record_line))


def _check_rules(change_set: ChangeSet, changes: Sequence[Change]) -> None:
    """Raise what the rules find; a deletion has no field that could be corrected."""
    findings = _findings(change_set, changes)
    if all(isinstance(change, Delete) for change in changes):
        findings = [replace(finding, field=None) for finding in findings]
    if findings:
        raise RuleBroken(change_set.placed(findings))


def _findings(change_set: ChangeSet, changes: Sequence[Change]) -> list[Finding]:
    """Return what is wrong at the end of the requests, or with the set that has ended them."""
    if change_set.overfull is None:
        return rules.check(change_set, touched_owners(changes))
    owner, rdtype = change_set.overfull
    node = {rdtype: change_set.nodes([owner])[owner][rdtype]}
    return [replace(finding, owner=owner) for finding in rules.rrsets_within_limits(change_set, owner, node)]


def _after(change_set: ChangeSet, changes: Sequence[Change], growth: int) -> Zone:
    """Return the zone with its next revision and count, and its next serial where what is published changes."""
    zone, now = change_set.zone, change_set.now
    moved: dict[str, Any] = {"revision": zone.revision + 1, "updated_at": now}
    moved["record_count"] = zone.record_count + growth
    if any(map(changes_serial, changes)):
        moved |= {"serial": next_serial(zone.serial, now.date()), "queued_at": now}
    return replace(zone, **moved)


def _growth(change: Change) -> int:
    return isinstance(change, Create) - isinstance(change, Delete)
