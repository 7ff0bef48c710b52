"""Changes that are due at a certain time: records that expire, and changes that nobody confirmed.

They are written through the Editor like any other change, beside the loop, in a thread of its own.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from appliance.deploy.background import BackgroundJob
from appliance.editing import DeleteRecord, Editor
from appliance.errors import Conflict, InputError, LaterChangeUndecided, NotFound, StoreError
from appliance.principal import Principal
from appliance.store import pending_changes, records, zones
from appliance.store.file.database import Store
from appliance.store.pending_changes import PendingChange

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds from one look at the store to the next."""
MOST_AT_ONCE = 1000
"""Expired records of one step, besides those that are refused."""
COMMENT = "expired"
_DEPLOYER = Principal.local("deployer")


@dataclass(slots=True)
class DueChanges(BackgroundJob):
    """Deletes expired records and reverts unconfirmed changes as soon as they are due.

    A record that a rule protects stays; it is tried again when its zone has changed. A change that has to wait for a
    later one is reverted once that is confirmed or reverted. What fails for a reason that was not foreseen is tried
    again when its zone has changed, and all else is done.
    """

    failure = "event=due-changes-failed"
    every = EVERY

    store: Store
    editor: Editor
    clock: Callable[[], datetime]
    most_at_once: int = MOST_AT_ONCE
    _refused: dict[UUID, int] = field(default_factory=dict)
    """The revision of its zone at which the deletion of a record was refused."""
    _awaited: dict[UUID, UUID] = field(default_factory=dict)
    """The later change that must be decided first, by the change that waits for it."""
    _failed: dict[UUID, int] = field(default_factory=dict)
    """The revision of a zone at which a change of it failed, by the change or the zone."""

    def step(self) -> float:
        """Do what is due now, and return the seconds until the next time; raise StoreError if the store fails."""
        with self.store.connection():
            for zone, uuids in self._expired().items():
                if not self._has_failed(zone, zone):
                    with self._apart(zone, zone):
                        self._delete(zone, uuids)
            self._revert(pending_changes.due(self.clock()))
        return EVERY

    def _revert(self, due: Sequence[PendingChange]) -> None:
        """Revert the changes, but for those that wait."""
        self._awaited = {one.change_id: self._awaited[one.change_id] for one in due if one.change_id in self._awaited}
        for pending in due:
            if not (self._is_waiting(pending) or self._has_failed(pending.change_id, pending.zone)):
                with self._apart(pending.change_id, pending.zone):
                    self._revert_one(pending)

    def _revert_one(self, pending: PendingChange) -> None:
        try:
            self.editor.revert_change(_DEPLOYER, pending)
            log.info("event=change-reverted zone=%s serial=%d", pending.zone, pending.serial)
        except LaterChangeUndecided as later:
            self._awaited[pending.change_id] = later.change_id
            log.info("event=revert-waits zone=%s serial=%d reason=%r", pending.zone, pending.serial, str(later))
        except (Conflict, NotFound):
            pass  # somebody reverted it, or deleted the zone, meanwhile

    def _has_failed(self, what: UUID, zone: UUID) -> bool:
        """Return whether this failed when the zone was as it is now."""
        return what in self._failed and self._failed[what] == zones.get_any(zone).revision

    @contextmanager
    def _apart(self, what: UUID, zone: UUID) -> Iterator[None]:
        """Run the block so that a fault in it keeps nothing else from being done; raise StoreError."""
        try:
            yield
        except StoreError:
            raise
        except Exception:
            log.exception("%s zone=%s", self.failure, zone)
            self._failed[what] = zones.get_any(zone).revision
        else:
            self._failed.pop(what, None)

    def _is_waiting(self, pending: PendingChange) -> bool:
        """Return whether the later change is still undecided, and the longest wait is not over."""
        if pending.change_id not in self._awaited or self.clock() >= pending.waits_until:
            return False
        later = pending_changes.get(self._awaited[pending.change_id])
        return later is not None and not (later.confirmed or later.reverted)

    def _expired(self) -> dict[UUID, list[UUID]]:
        """Return the records to delete, by zone."""
        found: dict[UUID, list[UUID]] = defaultdict(list)
        due = records.expired(self.clock(), self.most_at_once + len(self._refused))
        self._refused = {uuid: revision for _, revision, uuid in due if self._refused.get(uuid) == revision}
        for zone, _, uuid in due:
            if uuid not in self._refused:
                found[zone].append(uuid)
        return found

    def _delete(self, zone: UUID, uuids: Sequence[UUID]) -> None:
        """Delete the records together, or each that can be deleted if a rule protects one of them."""
        try:
            self._delete_all(zone, uuids)
        except NotFound:
            return  # the zone was deleted meanwhile
        except InputError as refused:
            if len(uuids) > 1:
                for uuid in uuids:
                    self._delete(zone, [uuid])
                return
            log.warning("event=expiry-refused zone=%s record=%s reason=%r", zone, uuids[0], str(refused))
            self._refused |= {uuid: revision for _, revision, uuid in self._due_again(uuids)}

    def _delete_all(self, zone: UUID, uuids: Sequence[UUID]) -> None:
        def requests(_zone: object) -> list[DeleteRecord]:
            still_due = {uuid for _, _, uuid in self._due_again(uuids)}
            return [DeleteRecord(uuid) for uuid in uuids if uuid in still_due]

        diff = self.editor.change_many(_DEPLOYER, zone, requests, COMMENT)
        log.info("event=expired zone=%s records=%d", zone, len(diff.removed))

    def _due_again(self, uuids: Sequence[UUID]) -> list[tuple[UUID, int, UUID]]:
        return records.expired(self.clock(), len(uuids), uuids)
