"""Changes that are reverted unless they are confirmed: confirm one, or plan how one is reverted.

RRsets that changed since stay as they are. A change waits for later undecided ones that touch its RRsets: these are
reverted first, or confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dns.name import Name

from appliance.editing import history
from appliance.editing.access import check_grants, check_permissions
from appliance.editing.change_set import ChangeSet
from appliance.editing.commit import Alongside
from appliance.editing.diff import Diff
from appliance.editing.overlaps import RRsetKey, changed_since, changes_of, key_of, touched_by, undecided_since
from appliance.editing.requests import MAX_COMMENT
from appliance.editing.transaction import StaleRead
from appliance.errors import ConfirmationExpired, Conflict, InputError, LaterChangeUndecided, NotFound, RuleBroken
from appliance.principal import Principal
from appliance.store import audit, pending_changes, versions, zones
from appliance.store.pending_changes import PendingChange
from appliance.zones.changes import Change, touched_owners
from appliance.zones.model import Zone
from appliance.zones.names import print_domain


@dataclass(frozen=True, slots=True)
class RevertPlan:
    """How an unconfirmed change is reverted: RRsets that `changed` since stay, and all at `kept_owners`.

    Nothing is `touched` if the journal no longer has the change.
    """

    pending: PendingChange
    zone: Zone
    touched: frozenset[RRsetKey]
    changed: frozenset[RRsetKey]
    kept_owners: frozenset[Name]

    @property
    def stays(self) -> list[RRsetKey]:
        """The RRsets of the change that stay as they are."""
        return sorted(key for key in self.touched if key in self.changed or key[0] in self.kept_owners)

    @property
    def comment(self) -> str:
        """What is done, for the journal."""
        return self.detail if len(self.detail) <= MAX_COMMENT else f"{self.detail[: MAX_COMMENT - 3]}..."

    @property
    def detail(self) -> str:
        """What is done, for the audit log."""
        if not self.touched:
            return f"version {self.pending.serial} was not confirmed, but the journal no longer has it: not reverted"
        names = ", ".join(f"{rdtype.name} {print_domain(owner)}" for owner, rdtype in self.stays[: history.MOST_LISTED])
        others = len(self.stays) - history.MOST_LISTED
        listed = f"{names} and {others} others" if others > 0 else names
        return f"version {self.pending.serial} was not confirmed: reverted" + (f"; not {listed}" if listed else "")

    def fill(self, change_set: ChangeSet) -> None:
        """Revert the change in a change set of the zone; raise StaleRead if it has changed since this plan."""
        if changed_since(change_set.zone, self.pending.row) != self.changed:
            raise StaleRead
        stays = set(self.stays)
        history.revert(change_set, self.pending.row, lambda record: key_of(record) in stays)

    def without(self, refused: InputError) -> frozenset[Name]:
        """Return the owners to keep in the next plan: those that break a rule, or all if none is known."""
        owners = {owner for owner, _ in self.touched} - self.kept_owners
        findings = refused.findings if isinstance(refused, RuleBroken) else ()
        found = {finding.owner for finding in findings if finding.owner in owners}
        return self.kept_owners | frozenset(owner for owner in found or owners if owner)


def plan_of(pending: PendingChange, kept_owners: frozenset[Name] = frozenset()) -> RevertPlan:
    """Return how the change is reverted now."""
    zone = zones.get_any(pending.zone)
    touched = touched_by(changes_of(pending, zone) if versions.has_content_from(zone, pending.row) else ())
    return RevertPlan(pending, zone, touched, changed_since(zone, pending.row), kept_owners)


def check_order(plan: RevertPlan, now: datetime, broken: RuleBroken | None = None) -> None:
    """Raise LaterChangeUndecided if a later change is to be decided first, Conflict if this one was decided meanwhile.

    The later one touches an RRset of the change, or, if the revert has `broken` a rule, an owner of the change or of
    the findings. The wait ends a day after the change was due.
    """

    def overlaps(changes: Collection[Change]) -> bool:
        if broken is None:
            return not plan.touched.isdisjoint(touched_by(changes))
        owners = {owner for owner, _ in plan.touched} | {finding.owner for finding in broken.findings}
        return not owners.isdisjoint(touched_owners(changes))

    _check_undecided(plan.pending)
    later = undecided_since(plan.pending, plan.zone, overlaps) if now < plan.pending.waits_until else None
    if later:
        raise LaterChangeUndecided(plan.pending.serial, later.serial, later.change_id)


def noting(plan: RevertPlan, principal: Principal, clock: Callable[[], datetime]) -> Callable[[Diff, None], Alongside]:
    """Return what stores, in the transaction of the revert, that the change was reverted, and what stays.

    It raises Conflict if the change was confirmed or reverted meanwhile.
    """

    def note(zone: Zone, diff: Diff) -> None:
        now = clock()
        _check_undecided(plan.pending)
        pending_changes.note_reverted(plan.pending.change_id, now, diff.change_id)
        audit.append("change.revert", zone.account, print_domain(zone.name), principal, now, plan.detail)

    return lambda diff, _result: lambda zone: note(zone, diff)


def confirm(zone: Zone, change_id: UUID, principal: Principal, now: datetime) -> bool:
    """Confirm a change of the zone, in the write transaction of this thread; return False if it was confirmed before.

    Errors as of `Editor.confirm_change`.
    """
    pending = pending_changes.get(change_id)
    if pending is None or pending.zone != zone.uuid:
        raise NotFound("this zone has no such change to confirm")
    changes = changes_of(pending, zone)
    check_permissions(principal, changes)
    check_grants(principal, zone, changes)
    if pending.confirmed:
        return False
    if pending.reverted or pending.due_at <= now:
        raise ConfirmationExpired(f"the change was to be confirmed before {pending.due_at:%Y-%m-%dT%H:%M:%SZ}")
    pending_changes.confirm(change_id, now)
    audit.append("change.confirm", zone.account, print_domain(zone.name), principal, now, f"version {pending.serial}")
    return True


def _check_undecided(pending: PendingChange) -> None:
    now = pending_changes.get(pending.change_id)
    if now is None or now.confirmed or now.reverted:
        done = "confirmed" if now and now.confirmed else "reverted"
        raise Conflict(f"version {pending.serial} was {done} already")
