"""The draft of the signed-in account: changes of one zone that are collected and then saved together.

A draft holds changes in the form in which the API takes them. Each time it is shown, a dry run computes its result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from appliance.console import draft_version, expiry
from appliance.console.draft_version import Change
from appliance.console.session import current_session
from appliance.console.unique_texts import refuse_second
from appliance.editing import (
    MAX_COMMENT,
    CreateRecord,
    DeleteRecord,
    Diff,
    RecordInput,
    RecordRequest,
    RestoreVersion,
    UndoVersion,
    UpdateRecord,
)
from appliance.editing.zone_import import removes_much
from appliance.errors import Conflict, InputError
from appliance.principal import Scope
from appliance.render.zone_diff import Line, diff_lines
from appliance.store import audit, drafts
from appliance.store.zones import Page
from appliance.web.context import context, reading
from appliance.zones.model import Record, Zone

MAX_CHANGES = 2_000
"""Changes that one draft may hold."""
MAX_OCTETS = 1024 * 1024
"""Octets of JSON that one draft may hold."""
VERSION_FIELD = "draft_version"
"""The form field that holds the version of the draft that the page shows."""
REMOVAL_FIELD = "confirm_removal"
"""The form field that confirms that many records are removed."""
_FIELD_PREFIX = "changes."
_BROUGHT_BACK = {"undo": "undid", "restore": "restored"}


@dataclass(frozen=True, slots=True)
class DraftResult:
    """The result of saving changes: the diff and its lines, or the problem and the index of the change that has it."""

    diff: Diff | None
    lines: list[Line]
    problem: str = ""
    index: int | None = None


@dataclass(frozen=True, slots=True)
class DraftState:
    """The number of changes in a draft, and its version."""

    count: int
    version: str


def create_change(fields: Change) -> Change:
    """Return the change that creates a record."""
    return {"action": "create", **fields}


def update_change(record: Record, revision: int, fields: Change) -> Change:
    """Return the change that updates a record; saving it fails if the record is no longer at that revision."""
    return {"action": "update", "uuid": str(record.uuid), "revision": revision, **fields}


def delete_change(uuid: UUID) -> Change:
    """Return the change that deletes a record."""
    return {"action": "delete", "uuid": str(uuid)}


def undo_change(serial: int) -> Change:
    """Return the change that reverts what one version changed, and keeps later changes."""
    return {"action": "undo", "serial": serial}


def restore_change(serial: int) -> Change:
    """Return the change that replaces the records of the zone with those of a version."""
    return {"action": "restore", "serial": serial}


def get_changes(zone: Zone) -> list[Change]:
    """Return the changes in the draft of the zone."""
    return list(drafts.of(zone, current_session().account.uuid))


def draft_of(zone: Zone) -> DraftState:
    """Return the state of the draft of the zone."""
    with reading():
        changes = get_changes(zone)
    return DraftState(len(changes), version_of(zone, changes))


def add(zone: Zone, added: list[Change], *, only_change: bool = False) -> None:
    """Add changes to the draft, each in place of an earlier one of the same record; raise InputError if too many.

    With `only_change` raise Conflict if the draft holds other changes.
    """
    with context().store.writing():
        changes = get_changes(zone)
        if only_change and [change for change in changes if change not in added]:
            raise Conflict("the draft has other changes: publish or discard them before you restore a version")
        _put(zone, _of_allowed_size(with_changes(changes, added)))


def replace(zone: Zone, changes: list[Change], version: str, based_on: Zone | None = None) -> None:
    """Let the draft hold these changes; raise InputError if too many, or if it is no longer at that version.

    With `based_on` raise InputError too if that zone is no longer at that version.
    """
    with context().store.writing():
        _check_version(version, based_on, get_changes(zone))
        _put(zone, _of_allowed_size(changes))


def with_changes(changes: list[Change], added: list[Change]) -> list[Change]:
    """Return the changes and the added ones, without repetitions and without earlier changes of the same records."""
    records = {change["uuid"] for change in added if "uuid" in change}
    kept = [change for change in changes if change.get("uuid") not in records and change not in added]
    return [*kept, *added]


def discard(zone: Zone, version: str, index: int | None = None) -> None:
    """Remove the change at that index, or all; raise InputError if the draft is no longer at that version."""
    with context().store.writing():
        changes = get_changes(zone)
        _check_version(version, None, changes)
        _put(zone, [] if index is None else [change for at, change in enumerate(changes) if at != index])


def dry_run(zone: Zone, changes: list[Change], *, with_impact: bool = False) -> Diff:
    """Return what saving these changes would do; raise InputError if one of them is invalid."""
    editor, principal = context().editor, current_session().principal

    def requests(now: Zone) -> list[RecordRequest]:
        return _requests(now, changes)

    if with_impact:
        return editor.change_many(principal, zone.uuid, requests, dry_run=True)
    return editor.preview_many(principal, zone.uuid, requests)


def save(zone: Zone, change: Change) -> Diff:
    """Save one change and nothing else of the draft, which no longer has an earlier change of the same record."""

    def drop_superseded(now: Zone) -> None:
        drafted = get_changes(now)
        left = with_changes(drafted, [change])[:-1]
        if left != drafted:
            _put(now, left)

    principal = current_session().principal
    return context().editor.change_many(
        principal, zone.uuid, lambda now: _requests(now, [change]), alongside=drop_superseded
    )


def save_draft(
    zone: Zone,
    version: str,
    comment: str,
    confirm_within: timedelta | None = None,
    *,
    is_removal_confirmed: bool = False,
) -> Diff:
    """Save the draft under one serial; raise InputError if the draft or the zone is no longer at that version.

    Raise InputError too if it removes many of the records and this is not confirmed. The comment of an undo or a
    restore is that of the API if none is given. With `confirm_within` the changes are reverted after that time, unless
    they are confirmed before.
    """

    def current_changes(now: Zone) -> list[Change]:
        changes = get_changes(now)
        _check_version(version, now, changes)
        return changes

    def clear(now: Zone) -> None:
        current_changes(now)
        _put(now, [])

    def prepare(diff: Diff) -> Callable[[Zone], None]:
        if removes_much(diff) and not is_removal_confirmed:
            text = f"this removes {len(diff.removed)} of the {diff.before.record_count} records: confirm that below"
            raise InputError(text, REMOVAL_FIELD)
        return clear

    editor, principal = context().editor, current_session().principal
    return editor.change_many(
        principal,
        zone.uuid,
        lambda now: _requests(now, current_changes(now)),
        comment or _default_comment(get_changes(zone)),
        prepare=prepare,
        confirm_within=confirm_within,
    )


def _default_comment(changes: list[Change]) -> str:
    """Return what a draft of nothing but undone and restored versions does, in few words; else ""."""
    done = [f"{_BROUGHT_BACK[one['action']]} version {one['serial']}" for one in changes if "serial" in one]
    return ", ".join(done)[:MAX_COMMENT] if len(done) == len(changes) else ""


def version_of(zone: Zone, changes: list[Change]) -> str:
    """Return the version of the draft of the zone with these changes."""
    return draft_version.version_of(zone.revision, changes)


def lines_of(diff: Diff) -> list[Line]:
    """Return the diff as lines of the zone file."""
    serials = (diff.before.serial, diff.after.serial)
    return diff_lines(diff.before.name, context().editor.apex, serials, diff.changes)


def result_of(zone: Zone, changes: list[Change]) -> DraftResult:
    """Return the result of saving these changes, or what is wrong with them."""
    try:
        diff = dry_run(zone, changes, with_impact=True)
    except InputError as error:
        index, _ = locate_error(error)
        return DraftResult(None, [], str(error), index)
    return DraftResult(diff, lines_of(diff))


def locate_error(error: InputError) -> tuple[int | None, str | None]:
    """Return the index of the change that has the error, and its field; None where there is none."""
    if not error.field or not error.field.startswith(_FIELD_PREFIX):
        return None, error.field
    index, _, field = error.field.removeprefix(_FIELD_PREFIX).partition(".")
    return int(index), field or None


def _put(zone: Zone, changes: list[Change]) -> None:
    drafts.put(zone, current_session().account.uuid, changes, context().clock())


def _of_allowed_size(changes: list[Change]) -> list[Change]:
    """Return the changes; raise InputError above MAX_CHANGES or MAX_OCTETS."""
    octets = len(json.dumps(changes))
    if len(changes) > MAX_CHANGES or octets > MAX_OCTETS:
        raise InputError(
            f"a draft holds at most {MAX_CHANGES} changes and {MAX_OCTETS // 1024} KiB, and these are {len(changes)} "
            f"changes of {octets // 1024} KiB: publish or discard the draft first. For a large zone file, use the call "
            "PUT /api/v1/dns-zones/{zone}/zonefile/ or the command dns-appliance zone import"
        )
    return changes


def _check_version(version: str, zone: Zone | None, changes: list[Change]) -> None:
    """Raise InputError if the draft, or the zone where one is given, is no longer at that version."""
    differences = [*draft_version.differences(version, changes)]
    if zone and draft_version.revision_in(version) != str(zone.revision):
        differences.append(f"{_last_actor(zone)} changed the zone")
    if differences:
        text = f"nothing was changed: since this page was loaded, {' and '.join(differences)}. Review the draft again"
        raise InputError(text, VERSION_FIELD)


def _last_actor(zone: Zone) -> str:
    (entry, *_), _ = audit.find(Scope(None, frozenset({zone.uuid})), Page(1, 1))
    return entry.actor


def _requests(zone: Zone, changes: list[Change]) -> list[RecordRequest]:
    refuse_second(zone, changes)
    return [_parse_change(change) for change in changes]


def _parse_change(change: Change) -> RecordRequest:
    fields = {key: value for key, value in change.items() if key not in ("action", "uuid", "revision")}
    if expiry.FIELD in fields:
        fields[expiry.FIELD] = expiry.parse_stored(fields[expiry.FIELD])
    match change["action"]:
        case "create":
            return CreateRecord(RecordInput(**fields))
        case "update":
            return UpdateRecord(UUID(change["uuid"]), fields, change.get("revision"))
        case "undo":
            return UndoVersion(change["serial"])
        case "restore":
            return RestoreVersion(change["serial"])
        case _:
            return DeleteRecord(UUID(change["uuid"]))
