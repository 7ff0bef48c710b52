"""Changes that are gathered for one zone and saved together: the draft of whoever is signed in.

A draft holds changes as the API writes them. What it comes to is found by a dry run, whenever it is shown.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from appliance.console.session import current_session
from appliance.editing import CreateRecord, DeleteRecord, Diff, RecordInput, RecordRequest, UpdateRecord
from appliance.errors import InputError
from appliance.principal import Scope
from appliance.render.zone_diff import Line, diff_lines
from appliance.store import audit, drafts
from appliance.store.zones import Page
from appliance.web.context import context
from appliance.zones.model import Record, Zone

Change = Mapping[str, Any]
MOST = 200
"""Changes that one draft may hold."""
SEEN = "seen"
"""The field of a form with the mark of its page."""
_PLACED = "changes."


@dataclass(frozen=True, slots=True)
class DraftResult:
    """What changes come to: the diff and its lines, or what is wrong with which of them."""

    diff: Diff | None
    lines: list[Line]
    problem: str = ""
    at: int | None = None


def creation(fields: Change) -> Change:
    """A record that is to be there."""
    return {"action": "create", **fields}


def update(record: Record, revision: int, fields: Change) -> Change:
    """A record that is to be another, unless somebody changes it first: it had that revision when it was looked at."""
    return {"action": "update", "uuid": str(record.uuid), "revision": revision, **fields}


def deletion(uuid: UUID) -> Change:
    """A record that is to be there no more."""
    return {"action": "delete", "uuid": str(uuid)}


def drafted(zone: Zone) -> list[Change]:
    """What is gathered for the zone."""
    return list(drafts.of(zone, current_session().account.uuid))


def add(zone: Zone, changes: list[Change]) -> None:
    """Gather these changes too, but for those that wait already."""
    with context().store.writing():
        waiting = drafted(zone)
        waiting += [one for one in changes if one not in waiting]
        if len(waiting) > MOST:
            raise InputError(f"{MOST} changes are waiting already: save them first")
        _put(zone, waiting)


def take_out(zone: Zone, mark: str, place: int | None = None) -> None:
    """Let the change in that place wait no more, or none: where those wait that the page of that mark showed."""
    with context().store.writing():
        changes = drafted(zone)
        _refuse_unseen(mark, None, changes)
        _put(zone, [] if place is None else [one for at, one in enumerate(changes) if at != place])


def tried(zone: Zone, changes: list[Change]) -> Diff:
    """What saving these changes would do; an InputError tells what is wrong."""
    return context().editor.change_many(current_session().principal, zone.uuid, _asked(changes), dry_run=True)


def saved(zone: Zone, changes: list[Change]) -> Diff:
    """Save these changes under one serial."""
    return context().editor.change_many(current_session().principal, zone.uuid, _asked(changes))


def saved_as_seen(zone: Zone, mark: str, comment: str) -> Diff:
    """Save what is gathered under one serial, if that and the zone are still as the page of that mark showed them."""

    def seen(now: Zone) -> list[Change]:
        changes = drafted(now)
        _refuse_unseen(mark, now, changes)
        return changes

    def end(now: Zone) -> None:
        seen(now)
        _put(now, [])

    editor, principal = context().editor, current_session().principal
    return editor.change_many(principal, zone.uuid, lambda now: _asked(seen(now)), comment, alongside=end)


def mark_of(zone: Zone, changes: list[Change]) -> str:
    """What a page carries that shows these changes: the revision of the zone as it showed it, and a digest of each."""
    return ".".join([str(zone.revision), *map(_digest, changes)])


def is_in(mark: str, change: Change) -> bool:
    """Whether the page of that mark showed the change."""
    return _digest(change) in mark.split(".")[1:]


def lines_of(diff: Diff) -> list[Line]:
    """The diff as lines of the zone file."""
    serials = (diff.before.serial, diff.after.serial)
    return diff_lines(diff.before.name, context().editor.apex, serials, diff.changes)


def result_of(zone: Zone, changes: list[Change]) -> DraftResult:
    """What these changes come to, or what is wrong with them."""
    try:
        diff = tried(zone, changes)
    except InputError as refused:
        at, _ = place_of(refused)
        return DraftResult(None, [], str(refused), at)
    return DraftResult(diff, lines_of(diff))


def place_of(refused: InputError) -> tuple[int | None, str | None]:
    """Which change is refused, and its field."""
    if not refused.field or not refused.field.startswith(_PLACED):
        return None, refused.field
    number, _, field = refused.field.removeprefix(_PLACED).partition(".")
    return int(number), field or None


def _put(zone: Zone, changes: list[Change]) -> None:
    drafts.put(zone, current_session().account.uuid, changes, context().clock())


def _refuse_unseen(mark: str, zone: Zone | None, changes: list[Change]) -> None:
    """Raise InputError with what is not as the page of that mark showed it; without a zone that may be another."""
    revision, *shown = mark.split(".")
    now, then = Counter(map(_digest, changes)), Counter(shown)
    told = [
        _counted(count.total(), what) for count, what in ((now - then, "added"), (then - now, "taken out")) if count
    ]
    if zone and revision != str(zone.revision):
        told.append(f"{_last_actor(zone)} changed the zone")
    if told:
        raise InputError(f"nothing was done: since this page was shown, {' and '.join(told)}. Look again", SEEN)


def _counted(number: int, what: str) -> str:
    return f"1 change was {what}" if number == 1 else f"{number} changes were {what}"


def _last_actor(zone: Zone) -> str:
    (entry, *_), _ = audit.find(Scope(None, frozenset({zone.uuid})), Page(1, 1))
    return entry.actor


def _digest(change: Change) -> str:
    return hashlib.sha256(json.dumps(change, sort_keys=True).encode()).hexdigest()[:12]


def _asked(changes: list[Change]) -> list[RecordRequest]:
    return [_read(change) for change in changes]


def _read(change: Change) -> RecordRequest:
    fields = {key: value for key, value in change.items() if key not in ("action", "uuid", "revision")}
    match change["action"]:
        case "create":
            return CreateRecord(RecordInput(**fields))
        case "update":
            return UpdateRecord(UUID(change["uuid"]), fields, change.get("revision"))
        case _:
            return DeleteRecord(UUID(change["uuid"]))
