"""Concurrent writers: of two contradictory writes only one is stored, and no client notices a repetition."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from uuid import UUID

import pytest

from appliance.editing import CreateRecord, DeleteRecord, RecordInput, RecordRequest, UpdateRecord
from appliance.errors import ApplianceError, InputError, NotFound, RuleBroken
from appliance.store import records, zones
from appliance.store.file import sqlite
from appliance.zones import rules
from appliance.zones.model import Zone
from appliance.zones.serial import is_later
from tests.workspace import APEX, Workspace
from tests.zones.records import InMemoryZone

Requests = list[RecordRequest]


def new(record_type: str, name: str, value: str) -> CreateRecord:
    return CreateRecord(RecordInput(record_type, name, value))


def in_thread(workspace: Workspace, write: Callable[[], object]) -> None:
    """Perform a write in another thread, on a connection of its own, and wait for its end."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with workspace.store.connection():
                write()
        except ApplianceError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert not failed, failed


@contextmanager
def lock_of_another(workspace: Workspace) -> Iterator[None]:
    """Hold the write lock as another program."""
    with closing(sqlite.connect(workspace.store.path)) as other:
        other.set_busy_timeout(0)
        other.execute("begin immediate")
        yield
        other.execute("rollback")


def findings(zone: Zone) -> list[str]:
    """Return the findings of the rules for the whole stored zone."""
    held = records.of_zone(zone)
    return [one.detail for one in rules.check(InMemoryZone(held, zone.name, APEX.servers), {one.owner for one in held})]


# Without the lock


def test_a_dry_run_and_a_refusal_need_no_write_lock(workspace: Workspace) -> None:
    zone = workspace.zone()
    stored = workspace.add(zone, "A", "www", "192.0.2.1")
    before = workspace.rows()
    with lock_of_another(workspace):
        diff = workspace.editor.change_many(workspace.owner, zone.uuid, [new("A", "mail", "192.0.2.2")], dry_run=True)
        with pytest.raises(InputError):
            workspace.editor.change_many(workspace.owner, zone.uuid, [new("A", "mail", "nonsense")])
        with pytest.raises(RuleBroken):
            workspace.editor.create_record(workspace.owner, zone.uuid, RecordInput("CNAME", "www", "a.example.net"))
        same = workspace.editor.change_many(
            workspace.owner, zone.uuid, [UpdateRecord(stored.uuid, {"value": "192.0.2.1"})]
        )
    assert [record.value for record in diff.added] == ["192.0.2.2"] and not diff.applied and diff.change_id is None
    assert diff.after.serial == diff.before.serial + 1
    assert not same.changes and workspace.rows() == before


# Two writers in conflict

ADDRESS, ALIAS = new("A", "www", "192.0.2.1"), new("CNAME", "www", "a.example.net")
GLUE = new("A", "ns.sub", "192.0.2.53")
SERVER = new("NS", "@", "ns.example.com")


def _of(zone: Zone, record_type: str) -> UUID:
    return next(one.uuid for one in records.of_zone(zone) if one.rdtype.name == record_type)


@pytest.mark.parametrize(
    ("stored", "first", "second"),
    [
        ([], lambda _: ADDRESS, lambda _: ALIAS),
        ([], lambda _: ALIAS, lambda _: ADDRESS),
        ([("NS", "sub", "ns.sub.example.com")], lambda _: GLUE, lambda zone: DeleteRecord(_of(zone, "NS"))),
        (
            [("NS", "sub", "ns.sub.example.com")],
            lambda _: GLUE,
            lambda zone: UpdateRecord(_of(zone, "NS"), {"value": "ns.example.org"}),
        ),
        ([("A", "ns", "192.0.2.53")], lambda _: SERVER, lambda zone: DeleteRecord(_of(zone, "A"))),
        (
            [("A", "ns", "192.0.2.53")],
            lambda zone: DeleteRecord(_of(zone, "A")),
            lambda _: SERVER,
        ),
    ],
    ids=["alias", "address", "cut deleted", "glue lost", "server without address", "address of a server"],
)
def test_a_write_is_evaluated_again_if_another_came_first(
    workspace: Workspace,
    stored: list[tuple[str, str, str]],
    first: Callable[[Zone], RecordRequest],
    second: Callable[[Zone], RecordRequest],
) -> None:
    zone = workspace.zone()
    for row in stored:
        workspace.add(zone, *row)
    requested, other = first(zone), second(zone)
    calls = 0

    def requests(_zone: Zone) -> Requests:
        nonlocal calls
        calls += 1
        if calls == 1:
            in_thread(workspace, lambda: workspace.editor.change_many(workspace.owner, zone.uuid, [other]))
        return [requested]

    with suppress(RuleBroken):
        workspace.editor.change_many(workspace.owner, zone.uuid, requests)
    assert calls == 2 and findings(zone) == []


def test_the_third_evaluation_holds_the_lock(workspace: Workspace) -> None:
    zone = workspace.zone()
    locked: list[bool] = []

    def is_locked() -> bool:
        try:
            with lock_of_another(workspace):
                return False
        except sqlite.FAILURES:
            return True

    def requests(_zone: Zone) -> Requests:
        locked.append(is_locked())
        if not locked[-1]:
            in_thread(workspace, lambda: workspace.add(zone, "A", f"other-{len(locked)}", "192.0.2.1"))
        return [new("A", "mine", "192.0.2.2")]

    diff = workspace.editor.change_many(workspace.owner, zone.uuid, requests)
    assert locked == [False, False, True]
    assert (diff.before.serial, diff.after.serial) == (zone.serial + 2, zone.serial + 3)
    assert zones.get_any(zone.uuid) == diff.after and diff.after.record_count == 3 == len(records.of_zone(zone))


def test_single_records_are_evaluated_again_too(workspace: Workspace) -> None:
    zone = workspace.zone()
    record = workspace.add(zone, "A", "www", "192.0.2.1")
    seen: list[str] = []

    def change(_zone: Zone, before: object) -> RecordInput:
        seen.append(str(getattr(before, "value", "")))
        if len(seen) == 1:
            change = UpdateRecord(record.uuid, {"value": "192.0.2.2"})
            in_thread(workspace, lambda: workspace.editor.change_many(workspace.owner, zone.uuid, [change]))
        return RecordInput("A", "www", "192.0.2.3")

    after, changed, _ = workspace.editor.change_record(workspace.owner, record.uuid, change)
    assert seen == ["192.0.2.1", "192.0.2.2"] and changed.value == "192.0.2.3"
    assert after.serial == zone.serial + 3


def meanwhile(workspace: Workspace, zone: Zone, write: Callable[[], object]) -> Callable[[Zone], Requests]:
    """Return requests whose first evaluation lets another write come first."""
    waiting = [write]

    def requests(_zone: Zone) -> Requests:
        if waiting:
            in_thread(workspace, waiting.pop())
        return [new("A", "www", "192.0.2.1")]

    return requests


def test_a_raised_serial_is_not_overwritten(workspace: Workspace) -> None:
    zone = workspace.zone()
    raise_serial = lambda: workspace.editor.raise_serial(zone.uuid, zone.serial + 1000)  # noqa: E731
    diff = workspace.editor.change_many(workspace.owner, zone.uuid, meanwhile(workspace, zone, raise_serial))
    assert is_later(diff.after.serial, zone.serial + 1001)


def test_changed_settings_are_used(workspace: Workspace) -> None:
    zone = workspace.zone()
    settle = lambda: workspace.editor.change_zone(workspace.owner, zone.uuid, {"default_ttl": 77})  # noqa: E731
    diff = workspace.editor.change_many(workspace.owner, zone.uuid, meanwhile(workspace, zone, settle))
    assert diff.added[0].ttl == 77 and zones.get_any(zone.uuid).default_ttl == 77


def test_a_zone_deleted_in_between_is_not_found(workspace: Workspace) -> None:
    zone = workspace.zone()
    delete = lambda: workspace.editor.delete_zone(workspace.owner, zone.uuid)  # noqa: E731
    with pytest.raises(NotFound):
        workspace.editor.change_many(workspace.owner, zone.uuid, meanwhile(workspace, zone, delete))
    assert records.of_zone(zone) == []


def test_the_quota_holds_if_another_came_first(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.editor = replace(workspace.editor, quotas=replace(workspace.editor.quotas, records=1))
    add = lambda: workspace.add(zone, "A", "other", "192.0.2.1")  # noqa: E731
    with pytest.raises(InputError, match="a zone may have at most 1 records"):
        workspace.editor.change_many(workspace.owner, zone.uuid, meanwhile(workspace, zone, add))
    assert len(records.of_zone(zone)) == 1


def test_writers_that_race_leave_a_zone_that_can_be_served(workspace: Workspace) -> None:
    zone = workspace.zone()
    rounds, writers = 15, 4
    stored: list[int] = []
    unexpected: list[BaseException] = []
    together = threading.Barrier(writers)

    def write(number: int) -> None:
        with workspace.store.connection():
            for turn in range(rounds):
                value = f"192.0.2.{number}" if number % 2 else f"a{number}.example.net"
                requested = RecordInput("A" if number % 2 else "CNAME", f"www-{turn}", value)
                together.wait()
                try:
                    stored.append(workspace.editor.create_record(workspace.owner, zone.uuid, requested)[0].serial)
                except RuleBroken:
                    continue
                except BaseException as error:  # noqa: BLE001 - asserted below
                    unexpected.append(error)

    workspace.editor = replace(workspace.editor, announce=lambda: None)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = zones.get_any(zone.uuid)
    assert unexpected == [] and findings(zone) == []
    assert len({one.owner for one in records.of_zone(zone)}) == rounds, "one of them is stored each time"
    assert sorted(stored) == list(range(zone.serial + 1, now.serial + 1)), "each has a serial of its own"
    assert now.record_count == len(records.of_zone(zone)) == len(stored)
