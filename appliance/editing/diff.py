"""What a write did to a zone, or would do: one shape wherever changes are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record, Zone


@dataclass(frozen=True, slots=True)
class Diff:
    """The zone before and after, and what changed, in the order in which it was asked for.

    `change_id` is the row of the journal, None when nothing changed. `applied` False: it was a dry run.
    """

    before: Zone
    after: Zone
    changes: Sequence[Change]
    change_id: UUID | None = None
    applied: bool = True

    @property
    def added(self) -> list[Record]:
        """Records that are there now."""
        return [change.record for change in self.changes if isinstance(change, Create)]

    @property
    def changed(self) -> list[tuple[Record, Record]]:
        """Records that became others, before and after."""
        return [(change.before, change.after) for change in self.changes if isinstance(change, Update)]

    @property
    def removed(self) -> list[Record]:
        """Records that are there no more."""
        return [change.record for change in self.changes if isinstance(change, Delete)]
