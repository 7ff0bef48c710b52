"""Storing an evaluation, in the write transaction of this thread: few statements, and none that reads much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.editing.diff import Diff
from appliance.editing.evaluation import Evaluation
from appliance.editing.transaction import Moved
from appliance.principal import Principal
from appliance.store import journal, record_writes, zones
from appliance.zones.model import Zone

Alongside = Callable[[Zone], None]
"""Called with the zone before the changes, in the transaction that stores them; what it raises undoes them."""


def writes(evaluation: Evaluation, alongside: Alongside | None) -> bool:
    """Return whether there is anything to store."""
    return bool(evaluation.diff.changes or alongside)


def commit(evaluation: Evaluation, caller: Principal, comment: str = "", alongside: Alongside | None = None) -> Diff:
    """Store an evaluation with its line in the journal; Moved when a zone that it depends on is another now."""
    diff = evaluation.diff
    if not writes(evaluation, alongside):
        return diff
    if diff.changes and not zones.replace_unmoved(diff.before, diff.after, caller.scope):
        raise Moved
    own = {diff.before.name} if diff.changes else set()
    others = {name: version for name, version in evaluation.read.items() if name not in own}
    if others and zones.have_moved(others):
        raise Moved
    if alongside:
        alongside(diff.before)
    if not diff.changes:
        return diff
    record_writes.execute(evaluation.statements)
    now = diff.after.updated_at
    change_id = journal.append(diff.after, "records", caller, now, diff.changes, comment)
    return replace(diff, change_id=change_id)
