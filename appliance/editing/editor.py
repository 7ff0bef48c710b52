"""The Editor: every write of zones and records, each stored in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from dns.name import Name

from appliance.editing import confirmation, history
from appliance.editing.access import check_whole_zone, find_zone
from appliance.editing.change_set import ChangeSet
from appliance.editing.commit import Alongside
from appliance.editing.diff import Diff
from appliance.editing.record_editor import RecordEditor, either
from appliance.editing.transaction import StaleRead
from appliance.editing.write_count import CountWrite
from appliance.editing.zone_names import own_names_of
from appliance.errors import InputError, RuleBroken
from appliance.principal import Principal
from appliance.render.zone_file import apex_of
from appliance.settings import Settings
from appliance.store import versions, wakeup
from appliance.store.file.database import Store
from appliance.store.pending_changes import PendingChange
from appliance.zones.model import Zone


class Editor(RecordEditor):
    """Performs all writes of zones and records; besides those, it returns to former states of a zone."""

    __slots__ = ()

    def restore_version(
        self,
        principal: Principal,
        zone_uuid: UUID,
        serial: int,
        *,
        dry_run: bool = False,
        prepare: Callable[[Diff], Alongside] | None = None,
    ) -> Diff:
        """Replace the records of the zone with those of that version, as a new version; its settings stay.

        `dry_run` and `prepare` are as of `change_many`. Raise NotFound if there is no such version, Conflict if its
        records are no longer stored or would break a rule.
        """

        def fill(change_set: ChangeSet) -> None:
            check_whole_zone(principal, change_set.zone, "restore a version")
            history.restore(change_set, versions.get(change_set.zone, serial))

        with history.broken_rules_as_conflicts(f"version {serial} cannot be restored"):
            comment = f"restored version {serial}"
            return self._change(principal, zone_uuid, fill, comment, dry_run=dry_run, prepare=either(None, prepare))

    def undo_version(
        self,
        principal: Principal,
        zone_uuid: UUID,
        serial: int,
        *,
        dry_run: bool = False,
        prepare: Callable[[Diff], Alongside] | None = None,
    ) -> Diff:
        """Revert what one version changed, as a new version; later changes stay. The rest is as of `restore_version`.

        Raise Conflict also if records of the version changed since.
        """

        def fill(change_set: ChangeSet) -> None:
            check_whole_zone(principal, change_set.zone, "undo a version")
            history.undo(change_set, versions.get(change_set.zone, serial))

        with history.broken_rules_as_conflicts(f"version {serial} cannot be undone"):
            comment = f"undid version {serial}"
            return self._change(principal, zone_uuid, fill, comment, dry_run=dry_run, prepare=either(None, prepare))

    def confirm_change(
        self, principal: Principal, zone_uuid: UUID, change_id: UUID, alongside: Alongside = lambda _zone: None
    ) -> Zone:
        """Confirm a change, so that it is not reverted; nothing is done if it was confirmed before. Return the zone.

        `alongside` is called in the transaction, with the zone, if the change is confirmed now: a further confirmation
        stores nothing, since it is not counted. Raise NotFound if the zone has no such change, ConfirmationExpired if
        it is too late, NotPermitted unless the principal may make the change.
        """
        with self._writing():
            zone = find_zone(zone_uuid, principal.scope)
            self.precondition(zone)
            if confirmation.confirm(zone, change_id, principal, self.clock()):
                alongside(zone)
        return zone

    def revert_change(self, principal: Principal, pending: PendingChange) -> Diff:
        """Revert a change that was not confirmed, but for RRsets that changed since or could not be stored.

        The audit log names what stays as it is. Raise Conflict if the change was confirmed or reverted meanwhile,
        LaterChangeUndecided if a later one is to be confirmed or reverted first.
        """
        kept_owners = frozenset[Name]()
        while True:
            with self.store.reading():
                plan = confirmation.plan_of(pending, kept_owners)
                confirmation.check_order(plan, self.clock())

            prepared = confirmation.noting(plan, principal, self.clock)
            try:
                return self._change(principal, pending.zone, plan.fill, plan.comment, dry_run=False, prepare=prepared)
            except StaleRead:
                continue
            except InputError as refused:
                if isinstance(refused, RuleBroken):
                    with self.store.reading():
                        confirmation.check_order(plan, self.clock(), refused)
                kept_owners, before = plan.without(refused), kept_owners
                if kept_owners == before:
                    raise


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
