"""The evaluation of a change set, from a snapshot: an error, or the changed zone and the statements that store it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.access import check_grants, check_permissions
from appliance.editing.apply import MAX_CHANGES
from appliance.editing.change_set import ChangeSet
from appliance.editing.diff import Diff
from appliance.editing.quotas import check_record_quota
from appliance.editing.zone_names import organisation_of
from appliance.errors import Finding, RuleBroken
from appliance.principal import Principal
from appliance.render.zone_file import record_line
from appliance.settings import QuotaSettings
from appliance.store.journal import EMPTY, Content, content_of
from appliance.store.record_writes import Statement, prepare
from appliance.store.zones import Versions
from appliance.zones import rules
from appliance.zones.cached_view import CachedView
from appliance.zones.changes import (
    Change,
    Create,
    Delete,
    Update,
    changes_serial,
    former_nameservers,
    reduced_owners,
    touched_owners,
)
from appliance.zones.impact import impact_of
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.own_records import check_own_records
from appliance.zones.serial import next_serial
from appliance.zones.signed_ttls import check_signed_ttls
from appliance.zones.warnings import warnings_after
from appliance.zones.zone_cuts import cut_at


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A diff, the versions of the zones that it depends on (`read`), the zone after it (`view`), and what stores it.

    That are the statements, and the content of the row of the journal.
    """

    diff: Diff
    read: Versions
    view: CachedView
    statements: Sequence[Statement] = ()
    content: Content = EMPTY


def evaluate(change_set: ChangeSet, principal: Principal, quotas: QuotaSettings) -> Evaluation:
    """Return the evaluation; raise InputError or NotPermitted if the change set must not be stored."""
    zone, changes, view = change_set.zone, change_set.changes(), CachedView(change_set)
    if not (changes or change_set.new_child):
        return Evaluation(Diff(zone, zone, ()), change_set.read, view)
    check_grants(principal, zone, changes)
    change_set.refuse_duplicates()
    _check_rules(change_set, changes, view)
    growth = sum(map(_growth, changes))
    check_record_quota(quotas, principal, zone, growth)
    diff = Diff(zone, _after(change_set, changes, growth), tuple(changes), uuid4())
    return Evaluation(diff, change_set.read, view, prepare(zone, changes, record_line), content_of(changes, zone))


def evaluate_many(change_set: ChangeSet, principal: Principal, quotas: QuotaSettings) -> Evaluation:
    """Return the evaluation of a list of requests, with warnings; raise MissingPermission as `check_permissions`."""
    evaluation = evaluate(change_set, principal, quotas)
    check_permissions(principal, evaluation.diff.changes)
    return with_warnings(evaluation, touched_owners(evaluation.diff.changes))


def with_warnings(evaluation: Evaluation, owners: Iterable[Name]) -> Evaluation:
    """Return the evaluation with the warnings at and near these owners after the change."""
    found = warnings_after(evaluation.view, owners, organisation_of)
    return replace(evaluation, diff=replace(evaluation.diff, warnings=found))


def evaluate_dry_run(
    change_set: ChangeSet, principal: Principal, quotas: QuotaSettings, *, with_impact: bool = True
) -> Diff:
    """Return the diff of a list of requests that are not to be stored, with its impact; raise as `evaluate_many`.

    The impact of more than MAX_CHANGES changes is not computed, nor without `with_impact`.
    """
    diff = evaluate_many(change_set, principal, quotas).diff
    is_listed = with_impact and len(diff.changes) <= MAX_CHANGES
    impact = impact_of(change_set.stored, change_set, diff.changes, change_set.apex) if is_listed else None
    return replace(diff, applied=False, change_id=None, impact=impact)


def _check_rules(change_set: ChangeSet, changes: Sequence[Change], view: CachedView) -> None:
    """Raise RuleBroken with the findings of the rules; those of deletions alone have no field."""
    findings = findings_of(change_set, changes, view)
    if all(isinstance(change, Delete) for change in changes):
        findings = [replace(finding, field=None) for finding in findings]
    if findings:
        raise RuleBroken(change_set.steps.locate(findings))


def findings_of(change_set: ChangeSet, changes: Sequence[Change], view: CachedView | None = None) -> list[Finding]:
    """Return the findings for the zone after all requests, or for the RRset that grew over its limit for good.

    `view` is the zone as the change set has it, if it was read before.
    """
    if change_set.overfull is None:
        own, new = change_set.apex, {change_set.new_child} if change_set.new_child else set()
        touched, view = touched_owners(changes) | new, view or CachedView(change_set)
        findings = rules.check(view, touched, reduced_owners(changes), former_nameservers(changes))
        findings += _hidden_children(change_set, changes)
        if change_set.zone.signed:
            findings += check_signed_ttls(view, touched)
        return [*findings, *check_own_records(view, touched, own.addresses, own.catalog)]
    owner, rdtype = change_set.overfull
    node = {rdtype: change_set.nodes([owner])[owner][rdtype]}
    return [replace(finding, owner=owner) for finding in rules.rrsets_within_limits(change_set, owner, node)]


def _hidden_children(change_set: ChangeSet, changes: Sequence[Change]) -> Iterator[Finding]:
    """Yield a finding for each new delegation by NS records that would hide the one of a child zone below it.

    A child zone created below such a delegation is left to its nameservers; see ADR 0023.
    """
    written = [change.after if isinstance(change, Update) else change.record for change in changes]
    owners = {record.owner for record in written if record.rdtype == RdataType.NS} - {change_set.origin}
    cuts = [cut for owner in owners if (cut := cut_at(change_set, owner)) and not cut.is_child]
    before = change_set.stored.nodes([cut.name for cut in cuts]) if cuts else {}
    for cut in cuts:
        if RdataType.NS not in before.get(cut.name, {}):
            child = next(iter(change_set.stored.child_zones_below(cut.name)), None)
            if child:
                yield Finding(
                    "name",
                    f"the delegation of {print_domain(cut.name)} would hide the zone {print_domain(child)}: delete "
                    "that zone first",
                    cut.name,
                )


def _after(change_set: ChangeSet, changes: Sequence[Change], growth: int) -> Zone:
    """Return the zone with its next revision and record count, and the next serial if published data changes.

    A new child zone changes the published delegations.
    """
    zone, now = change_set.zone, change_set.now
    changed: dict[str, Any] = {"revision": zone.revision + 1, "updated_at": now}
    changed["record_count"] = zone.record_count + growth
    if change_set.new_child or any(map(changes_serial, changes)):
        changed |= {"serial": next_serial(zone.last_serial, now.date()), "queued_at": now}
    return replace(zone, **changed)


def _growth(change: Change) -> int:
    return isinstance(change, Create) - isinstance(change, Delete)
