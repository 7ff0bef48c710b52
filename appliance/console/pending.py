"""Changes that are gathered for one zone and saved together: the draft of whoever is signed in.

A draft holds changes as the API writes them. What it comes to is found by a dry run, whenever it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from appliance.console.visitor import visitor
from appliance.editing import Addition, Alteration, Asked, Diff, RecordInput, Removal
from appliance.errors import InputError
from appliance.render.zone_diff import Line, diff_lines
from appliance.store import drafts
from appliance.web.parts import parts
from appliance.zones.model import Record, Zone

Change = Mapping[str, Any]
MOST = 200
"""Changes that one draft may hold."""
_PLACED = "changes."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What changes come to: the diff and its lines, or what is wrong with which of them."""

    diff: Diff | None
    lines: list[Line]
    problem: str = ""
    at: int | None = None


def creation(fields: Change) -> Change:
    """A record that is to be there."""
    return {"action": "create", **fields}


def alteration(record: Record, revision: int, fields: Change) -> Change:
    """A record that is to be another, unless somebody changes it first: it had that revision when it was looked at."""
    return {"action": "update", "uuid": str(record.uuid), "revision": revision, **fields}


def removal(uuid: UUID) -> Change:
    """A record that is to be there no more."""
    return {"action": "delete", "uuid": str(uuid)}


def gathered(zone: Zone) -> list[Change]:
    """What is gathered for the zone."""
    return list(drafts.of(zone, visitor().account.uuid))


def keep(zone: Zone, changes: list[Change]) -> None:
    """Keep these changes as the draft; none: there is no draft."""
    if len(changes) > MOST:
        raise InputError(f"{MOST} changes are waiting already: save them first")
    with parts().store.writing():
        drafts.put(zone, visitor().account.uuid, changes, parts().clock())


def tried(zone: Zone, changes: list[Change]) -> Diff:
    """What saving these changes would do; an InputError tells what is wrong."""
    return parts().editor.change_many(visitor().caller, zone.uuid, _asked(changes), dry_run=True)


def saved(zone: Zone, changes: list[Change], comment: str = "") -> Diff:
    """Save these changes under one serial."""
    return parts().editor.change_many(visitor().caller, zone.uuid, _asked(changes), comment)


def lines_of(diff: Diff) -> list[Line]:
    """The diff as lines of the zone file."""
    serials = (diff.before.serial, diff.after.serial)
    return diff_lines(diff.before.name, parts().editor.apex, serials, diff.changes)


def outcome(zone: Zone, changes: list[Change]) -> Outcome:
    """What these changes come to, or what is wrong with them."""
    try:
        diff = tried(zone, changes)
    except InputError as refused:
        at, _ = place_of(refused)
        return Outcome(None, [], str(refused), at)
    return Outcome(diff, lines_of(diff))


def place_of(refused: InputError) -> tuple[int | None, str | None]:
    """Which change is refused, and its field."""
    if not refused.field or not refused.field.startswith(_PLACED):
        return None, refused.field
    number, _, field = refused.field.removeprefix(_PLACED).partition(".")
    return int(number), field or None


def _asked(changes: list[Change]) -> list[Asked]:
    return [_read(change) for change in changes]


def _read(change: Change) -> Asked:
    fields = {key: value for key, value in change.items() if key not in ("action", "uuid", "revision")}
    match change["action"]:
        case "create":
            return Addition(RecordInput(**fields))
        case "update":
            return Alteration(UUID(change["uuid"]), fields, change.get("revision"))
        case _:
            return Removal(UUID(change["uuid"]))
