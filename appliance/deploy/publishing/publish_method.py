"""Decide how the newest content of a zone reaches the primary: as one UPDATE of what changed, or as its whole file.

UPDATE needs a base, content of the primary that is known to be that of the store. `FileReason` names every other reason
for a file.
"""

from __future__ import annotations

from uuid import UUID

from appliance.deploy.host import PrimaryHost
from appliance.store import deltas
from appliance.store.deltas import ZoneDeltas
from appliance.store.deployments import ZoneStatus
from appliance.zones.serial import latest

UNPROVEN = "unproven"
"""The reason for a file where the content of the primary is not known to be that of the store, as for a new zone."""
REFUSED = "refused"
"""The reason for a file after the primary did not apply an update."""
NOT_SERVED = "not_served"
"""The reason for a file where the primary no longer serves what was proven."""


def may_update(status: ZoneStatus) -> bool:
    """Return True if the content of the primary is known; what changed since then decides the rest.

    A signed zone is always published by its file: its content in the primary is that of the file and its signatures.
    """
    return status.proven is not None and not status.deleted and not status.signed


class Bases:
    """The serials that the primary has acknowledged or shown, by zone, which may be newer than what is stored."""

    def __init__(self) -> None:
        self._acknowledged: dict[UUID, int] = {}

    def of(self, status: ZoneStatus) -> int | None:
        """Return the serial that the primary serves as far as is known, None if it is unknown."""
        if status.proven is None:
            return None
        acknowledged = self._acknowledged.get(status.uuid, status.proven)
        return latest(status.proven, acknowledged)

    def acknowledge(self, uuid: UUID, serial: int) -> None:
        """Note that the primary applied an UPDATE to this serial, or loaded a file with it."""
        self._acknowledged[uuid] = serial

    def forget(self, uuid: UUID) -> None:
        """Note that the primary's content is in doubt."""
        self._acknowledged.pop(uuid, None)


def changes_since(base: int, status: ZoneStatus, host: PrimaryHost) -> ZoneDeltas:
    """Return what leads from the base to the newest content, or the reason for a file. Call it in a reading."""
    return deltas.since(status.uuid, base, host.apex.servers)
