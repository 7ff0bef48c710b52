"""The Editor: every write of zones and records, each stored in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from dns.name import Name

from appliance.editing import confirmation, history
from appliance.editing.access import check_whole_zone, find_zone
from appliance.editing.change_set import ChangeSet
from appliance.editing.diff import Diff
from appliance.editing.record_editor import RecordEditor
from appliance.editing.transaction import StaleRead
from appliance.editing.write_count import CountWrite
from appliance.editing.zone_names import own_names_of
from appliance.errors import RuleBroken
from appliance.principal import Principal
from appliance.render.zone_file import apex_of
from appliance.settings import Settings
from appliance.store import versions, wakeup
from appliance.store.file.database import Store
from appliance.store.pending_changes import PendingChange


class Editor(RecordEditor):
    """Performs all writes of zones and records; besides those, it returns to former states of a zone."""

    __slots__ = ()

    def restore_version(self, principal: Principal, zone_uuid: UUID, serial: int, *, dry_run: bool = False) -> Diff:
        """Let the zone have the records of that version, as a new version; its settings stay.

        Raise NotFound if there is no such version, Conflict if its records are no longer stored or would break a rule.
        """

        def fill(change_set: ChangeSet) -> None:
            check_whole_zone(principal, change_set.zone, "restore a version")
            history.restore(change_set, versions.get(change_set.zone, serial))

        with history.broken_rules_as_conflicts(f"version {serial} cannot be restored"):
            return self._change(principal, zone_uuid, fill, f"restored version {serial}", dry_run=dry_run)

    def undo_version(self, principal: Principal, zone_uuid: UUID, serial: int, *, dry_run: bool = False) -> Diff:
        """Revert what one version changed, as a new version; later changes stay.

        Raise NotFound if there is no such version, Conflict if its records changed since, are no longer stored, or
        would break a rule.
        """

        def fill(change_set: ChangeSet) -> None:
            check_whole_zone(principal, change_set.zone, "undo a version")
            history.undo(change_set, versions.get(change_set.zone, serial))

        with history.broken_rules_as_conflicts(f"version {serial} cannot be undone"):
            return self._change(principal, zone_uuid, fill, f"undid version {serial}", dry_run=dry_run)

    def confirm_change(self, principal: Principal, zone_uuid: UUID, change_id: UUID) -> None:
        """Confirm a change, so that it is not reverted; nothing is done if it was confirmed before.

        Raise NotFound if the zone has no such change, ConfirmationExpired if it is too late, NotPermitted unless the
        principal may write all records of the change.
        """
        with self._writing():
            zone = find_zone(zone_uuid, principal.scope)
            confirmation.confirm(zone, change_id, principal, self.clock())

    def revert_change(self, pending: PendingChange) -> Diff:
        """Revert a change that was not confirmed, but for RRsets that changed since or would break a rule.

        The audit log names what stays as it is.
        """
        deployer, kept_owners = Principal.local("deployer"), frozenset[Name]()
        while True:
            with self.store.reading():
                plan = confirmation.plan_of(pending, kept_owners)

            prepared = confirmation.noting(plan, deployer, self.clock)
            try:
                return self._change(deployer, pending.zone, plan.fill, plan.comment, dry_run=False, prepare=prepared)
            except StaleRead:
                continue
            except RuleBroken as broken:
                kept_owners = plan.without(broken)


def editor_from(
    settings: Settings,
    store: Store,
    clock: Callable[[], datetime],
    announce: Callable[[], None] | None = None,
    count_write: CountWrite = lambda _principal, _octets: None,
) -> Editor:
    """Return the editor of an appliance; by default it announces commits at the deployer's socket."""
    return Editor(
        store=store,
        apex=apex_of(settings.dns),
        own_names=own_names_of(settings.dns),
        default_ttl=settings.dns.default_ttl,
        clock=clock,
        announce=announce or (lambda: wakeup.announce(settings.deployer.socket)),
        quotas=settings.quotas,
        count_write=count_write,
        proof=settings.ownership.proof,
    )
