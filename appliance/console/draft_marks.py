"""What the draft of a zone would do to which record, to mark them in the list of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from appliance.console import drafts
from appliance.console.draft_version import Change
from appliance.errors import ApplianceError
from appliance.store import versions
from appliance.web.context import reading
from appliance.zones.model import Record, Zone

MOST_ADDED = 20
"""Added records that the list of records shows; the review page has them all."""


@dataclass(frozen=True, slots=True)
class DraftMarks:
    """The records that the draft adds and removes, and the new state of those that it changes, by uuid.

    `is_valid` is False if the draft cannot be published as it is, `is_small` if it undoes or restores a version with
    too many records to evaluate it for each page; then nothing is marked.
    """

    added: Sequence[Record] = ()
    changed: Mapping[UUID, Record] = field(default_factory=dict)
    removed: frozenset[UUID] = frozenset()
    is_valid: bool = True
    is_small: bool = True


def marks_of(zone: Zone, changes: list[Change]) -> DraftMarks:
    """Return the marks of the draft with these changes."""
    if not changes:
        return DraftMarks()
    if not _is_small(zone, changes):
        return DraftMarks(is_small=False)
    try:
        diff = drafts.dry_run(zone, changes)
    except ApplianceError:
        return DraftMarks(is_valid=False)
    return DraftMarks(
        sorted(diff.added, key=lambda record: (record.owner, record.rdtype, record.wire)),
        {after.uuid: after for _, after in diff.changed},
        frozenset(record.uuid for record in diff.removed),
    )


def _is_small(zone: Zone, changes: list[Change]) -> bool:
    """Return whether no version that the draft undoes or restores has more records than a draft may have changes."""
    with reading():
        return all(_count_touched(zone, change) <= drafts.MAX_CHANGES for change in changes if "serial" in change)


def _count_touched(zone: Zone, change: Change) -> int:
    version = versions.get(zone, change["serial"])
    if change["action"] == "restore":
        return versions.count_changed_since(zone, version)
    return version.added + version.changed + version.removed
