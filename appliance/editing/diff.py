"""What a change did to a zone, or would do: of a write, a dry run, an import, or between two versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from appliance.zones.answer_changes import AnswerChange
from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.zone_warning import ZoneWarning


@dataclass(frozen=True, slots=True)
class Diff:
    """A zone before and after a change, and the changes of its records in the order in which they were requested.

    `change_id` is the uuid of the journal row, None if nothing changed. `applied` is False for a dry run. `warnings`
    are those at the touched names of the zone after the change. `impact` are the answers that a dry
    run would change; None if they were not computed.
    """

    before: Zone
    after: Zone
    changes: Sequence[Change]
    change_id: UUID | None = None
    applied: bool = True
    warnings: Sequence[ZoneWarning] = ()
    impact: Sequence[AnswerChange] | None = None

    @property
    def added(self) -> list[Record]:
        """The created records."""
        return [change.record for change in self.changes if isinstance(change, Create)]

    @property
    def changed(self) -> list[tuple[Record, Record]]:
        """The updated records, before and after."""
        return [(change.before, change.after) for change in self.changes if isinstance(change, Update)]

    @property
    def removed(self) -> list[Record]:
        """The deleted records."""
        return [change.record for change in self.changes if isinstance(change, Delete)]
