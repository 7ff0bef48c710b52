"""Store an evaluation in the write transaction of this thread, in few statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from appliance.editing.diff import Diff
from appliance.editing.evaluation import Evaluation
from appliance.editing.transaction import StaleRead
from appliance.principal import Principal
from appliance.store import journal, pending_changes, record_writes, zones
from appliance.zones.model import Zone

Alongside = Callable[[Zone], None]
"""Called with a zone in the transaction that stores its changes; an exception rolls it back."""


def writes(evaluation: Evaluation, alongside: Alongside | None) -> bool:
    """Return whether there is something to store."""
    return bool(evaluation.diff.changes or alongside)


def commit(
    evaluation: Evaluation,
    principal: Principal,
    comment: str = "",
    alongside: Alongside | None = None,
    confirm_within: timedelta | None = None,
) -> Diff:
    """Store an evaluation and append it to the journal; raise StaleRead if a zone that it depends on has changed.

    With `confirm_within` the change is reverted after that time, unless it is confirmed before.
    """
    diff = evaluation.diff
    if not writes(evaluation, alongside):
        return diff
    if diff.changes and not zones.replace_if_unchanged(diff.before, diff.after, principal.scope):
        raise StaleRead
    own = {diff.before.name} if diff.changes else set()
    others = {name: version for name, version in evaluation.read.items() if name not in own}
    if others and zones.have_changed(others):
        raise StaleRead
    if alongside:
        alongside(diff.before)
    if not diff.changes:
        return diff
    record_writes.execute(evaluation.statements)
    now = diff.after.updated_at
    journal.append(diff.after, journal.RECORDS, principal, now, evaluation.content, comment, uuid=diff.change_id)
    if confirm_within and diff.change_id:
        pending_changes.add(diff.change_id, now + confirm_within)
    return diff
