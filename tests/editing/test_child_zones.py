"""A zone below another one of its account: what is refused, what moves, and what changes in the zone above."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import dns.name
import pytest

from appliance.compiler import compile_zone, occluded
from appliance.editing import CreateRecord, RecordInput, RecordRequest
from appliance.errors import InputError, InvalidName, MissingPermission, RuleBroken
from appliance.store import delegations, journal, records, zones
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner
from appliance.zones.ownership import Proof
from tests.workspace import APEX, Workspace, current_database

Row = tuple[str, str, str]
DATA: list[Row] = [
    ("A", "www.sub", "192.0.2.1"),
    ("TXT", "sub", "x"),
    ("MX", "sub", "mail.example.com"),
    ("CNAME", "*.a.sub", "www.example.com"),
]
DELEGATED: list[Row] = [
    ("NS", "sub", "ns.sub.example.com"),
    ("NS", "sub", "ns1.appliance.test"),
    ("DS", "sub", f"1 8 2 {'ab' * 32}"),
    ("A", "ns.sub", "192.0.2.53"),
]


def fill(workspace: Workspace, zone: Zone, rows: list[Row]) -> None:
    for kind, name, value in rows:
        workspace.add(zone, kind, name, value, priority=10 if kind == "MX" else None)


def current(zone: Zone) -> Zone:
    return zones.get_any(zone.uuid)


def lines(zone: Zone) -> list[str]:
    return compile_zone(current(zone), APEX).content.decode().splitlines()


def held(zone: Zone) -> set[tuple[str, str]]:
    return {(one.rdtype.name, print_owner(one.owner, zone.name)) for one in records.of_zone(zone)}


def delegated(zone: Zone) -> list[str]:
    return [str(one.name) for one in delegations.of_zone(zone)]


def refused(workspace: Workspace, write: Callable[[], object], kind: type[Exception] = InvalidName) -> str:
    before = workspace.rows()
    with pytest.raises(kind) as error:
        write()
    assert workspace.rows() == before and getattr(error.value, "field", "domain") == "domain"
    return str(error.value)


def test_the_zone_above_delegates_to_the_servers_of_the_appliance(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    child = workspace.zone("sub.example.com")
    after = current(parent)
    assert (after.serial, after.revision, after.record_count) == (parent.serial + 1, parent.revision + 1, 0)
    expected = [f"sub.example.com. {APEX.ttl} IN NS {server}" for server in APEX.servers]
    assert lines(parent)[3:5] == expected and lines(parent)[5] == ""
    assert workspace.journal()[1:] == [("zone.create", child.serial), (journal.DELEGATION, after.serial)]
    assert len(workspace.announced) == 2, "both are stored in one transaction"
    workspace.editor.delete_zone(workspace.owner, child.uuid)
    assert delegated(parent) == [] and current(parent).serial == after.serial + 1


def test_the_nearest_zone_above_delegates(workspace: Workspace) -> None:
    top, deep, other = (workspace.zone(name) for name in ("example.com", "a.b.example.com", "x.a.b.example.com"))
    assert (delegated(top), delegated(deep)) == (["a.b.example.com."], ["x.a.b.example.com."])
    between = workspace.zone("b.example.com")
    assert (delegated(top), delegated(between)) == (["b.example.com."], ["a.b.example.com."])
    serial = current(top).serial
    workspace.editor.delete_zone(workspace.owner, between.uuid)
    assert delegated(top) == ["a.b.example.com."] and current(top).serial == serial + 1
    assert current(other).serial == other.serial


@pytest.mark.parametrize(("rows", "named"), [*(([row], [row]) for row in DATA), (DELEGATED, DELEGATED[1:3])])
def test_a_zone_that_would_hide_records_is_refused(workspace: Workspace, rows: list[Row], named: list[Row]) -> None:
    parent = workspace.zone("example.com")
    fill(workspace, parent, rows)
    message = refused(workspace, lambda: workspace.zone("sub.example.com"))
    listed = message.partition("example.com: ")[2].partition(";")[0]
    assert sorted(listed.split(", ")) == sorted(f"{kind} {name}.example.com" for kind, name, _ in named)
    assert "take_records" in message


def test_all_records_at_and_below_the_name_move_along(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    fill(workspace, parent, [*DATA, ("A", "www", "192.0.2.9")])
    before = {one.uuid: one for one in records.of_zone(parent)}
    child = workspace.editor.create_zone(workspace.owner, "sub.example.com", take_records=True)
    assert held(parent) == {("A", "www")} and delegated(parent) == ["sub.example.com."]
    assert held(child) == {("A", "www"), ("TXT", "@"), ("MX", "@"), ("CNAME", "*.a")}
    assert current(child).record_count == 4 == child.record_count and current(parent).record_count == 1
    for record in records.of_zone(child):
        was = before[record.uuid]
        moved = replace(was, owner=record.owner, updated_at=record.updated_at)
        assert record == moved and record.revision == was.revision + 1
    assert "www.sub.example.com. 3600 IN A 192.0.2.1" in lines(child)
    (_, added), (removed, _) = workspace.journaled()[-2:]
    assert (
        {one["uuid"] for one in added}
        == {one["uuid"] for one in removed}
        == {str(one) for one in before} - {str(_record(parent, "www").uuid)}
    )
    assert {one["revision"] for one in added} == {2} and {one["revision"] for one in removed} == {1}
    workspace.add(child, "A", "www", "192.0.2.2")


def test_ns_records_move_to_the_apex_without_those_of_the_appliance(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    fill(workspace, parent, DELEGATED)
    child = workspace.editor.create_zone(workspace.owner, "sub.example.com", take_records=True)
    assert held(parent) == set() and held(child) == {("NS", "@"), ("A", "ns")}
    assert (_record(child, "@").ttl, _record(child, "@").value) == (APEX.ttl, "ns.sub.example.com")
    assert lines(child)[-3].startswith(f"sub.example.com. {APEX.ttl} IN NS ns.sub") and lines(parent)


def test_records_that_cannot_be_at_an_apex_are_not_taken(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    workspace.add(parent, "CNAME", "sub", "www.example.org")
    create = lambda: workspace.editor.create_zone(workspace.owner, "sub.example.com", take_records=True)  # noqa: E731
    assert "it is the apex" in refused(workspace, create)


def test_records_are_taken_only_with_the_right_to_delete(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    workspace.add(parent, "A", "sub", "192.0.2.1")
    creator = replace(workspace.owner, permissions=frozenset({"dns:create"}))
    create = lambda: workspace.editor.create_zone(creator, "sub.example.com", take_records=True)  # noqa: E731
    refused(workspace, create, MissingPermission)
    workspace.editor.create_zone(creator, "other.example.com", take_records=True)


def test_no_more_records_are_taken_than_one_request_may_change(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    workspace.add(parent, "A", "x.sub", "192.0.2.1")
    copied = ("zone_id", "rdtype", "ttl", "wire", "value", "line", "comment", "revision", "created_at", "updated_at")
    with workspace.store.writing():
        current_database().execute_sql(
            "with recursive number (n) as (select 1 union all select n + 1 from number where n < 10000) "  # noqa: S608
            f"insert into record (uuid, owner, owner_key, {', '.join(copied)}) select lower(hex(randomblob(16))), "
            f"'x' || n || '.sub', 'sub.x' || n || '.', {', '.join(copied)} from record, number"
        )
        zones.update(parent, record_count=10_001)
    with pytest.raises(InputError, match="more than 10000 records") as error:
        workspace.editor.create_zone(workspace.owner, "sub.example.com", take_records=True)
    assert error.value.field == "take_records" and current(parent).record_count == 10_001


def test_ns_records_of_others_stay_beside_those_of_the_appliance(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    workspace.add(parent, "NS", "sub", "ns.sub.example.com", ttl=60)
    workspace.add(parent, "A", "ns.sub", "192.0.2.53")
    workspace.zone("sub.example.com")
    assert held(parent) == {("NS", "sub"), ("A", "ns.sub")}
    assert f"sub.example.com. {APEX.ttl} IN NS ns.sub.example.com." in lines(parent)
    workspace.add(parent, "NS", "sub", "ns.example.org", ttl=60)
    assert len([line for line in lines(parent) if line.startswith(f"sub.example.com. {APEX.ttl} IN NS")]) == 4


def test_ns_records_beside_a_child_zone_are_deleted_before_or_after_their_glue(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    workspace.zone("sub.example.com")
    ns = workspace.add(parent, "NS", "sub", "ns.sub.example.com")
    other = workspace.add(parent, "NS", "sub", "sub.example.com")
    glue = [workspace.add(parent, "A", name, "192.0.2.53") for name in ("sub", "ns.sub")]
    workspace.editor.delete_record(workspace.owner, ns.uuid)
    workspace.editor.delete_record(workspace.owner, other.uuid)
    assert {one.uuid for one in occluded(current(parent), APEX.servers)} == {one.uuid for one in glue}
    assert not any(" A " in line for line in lines(parent) if "sub." in line)
    for one in glue:
        workspace.editor.delete_record(workspace.owner, one.uuid)
    assert held(parent) == set()


def test_glue_below_a_delegation_elsewhere_is_left_below_the_child_zone_behind_it(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    ns = workspace.add(parent, "NS", "b", "ns.a.b.example.com")
    glue = workspace.add(parent, "A", "ns.a.b", "192.0.2.53")
    workspace.zone("a.b.example.com")
    workspace.editor.delete_record(workspace.owner, ns.uuid)
    assert delegated(parent) == ["a.b.example.com."]
    assert [one.uuid for one in occluded(current(parent), APEX.servers)] == [glue.uuid]


@pytest.mark.parametrize(
    ("row", "field"),
    [(row, "name") for row in (*DATA, DELEGATED[2], ("NS", "x.sub", "ns.example.org"))] + [(DELEGATED[1], "value")],
)
def test_nothing_is_added_where_the_child_zone_answers(workspace: Workspace, row: Row, field: str) -> None:
    parent = workspace.zone("example.com")
    workspace.zone("sub.example.com")
    with pytest.raises(RuleBroken) as error:
        workspace.add(parent, row[0], row[1], row[2], priority=10 if row[0] == "MX" else None)
    assert error.value.field == field


def test_a_delegation_that_would_hide_a_child_zone_is_refused(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    workspace.zone("x.a.b.example.com")
    workspace.zone("a.b.example.com")
    with pytest.raises(RuleBroken, match=r"of b\.example\.com would hide the zone a\.b\.example\.com") as error:
        workspace.add(parent, "NS", "b", "ns.example.org")
    assert error.value.field == "name" and delegated(parent) == ["a.b.example.com."]
    workspace.add(parent, "NS", "a.b", "ns.example.org")
    workspace.add(parent, "NS", "bb", "ns.example.org")


def test_a_delegation_above_a_child_zone_may_be_changed(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    workspace.add(parent, "NS", "b", "ns.example.org")
    workspace.zone("a.b.example.com")
    more = workspace.add(parent, "NS", "b", "ns2.example.org", ttl=60)
    workspace.editor.delete_record(workspace.owner, more.uuid)
    assert held(parent) == {("NS", "b")}


def test_a_zone_below_a_delegation_elsewhere_is_delegated_there(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    ns = workspace.add(parent, "NS", "b", "ns.example.org")
    workspace.zone("a.b.example.com")
    assert delegated(parent) == [] and current(parent).serial == parent.serial + 2
    workspace.editor.delete_record(workspace.owner, ns.uuid)
    assert delegated(parent) == ["a.b.example.com."]


def test_a_held_zone_is_not_delegated_before_it_is_released(workspace: Workspace) -> None:
    workspace.editor = replace(workspace.editor, proof=Proof.ALWAYS)
    parent, child = workspace.zone("example.com"), workspace.zone("sub.example.com")
    assert delegated(parent) == []
    operator = replace(workspace.owner, permissions=frozenset({"admin:*"}))
    serial = current(parent).serial
    workspace.editor.release_zone(operator, child.uuid)
    assert delegated(parent) == ["sub.example.com."] and current(parent).serial == serial + 1


def test_a_held_zone_is_no_child_zone_for_the_records_above_either(workspace: Workspace) -> None:
    editor = workspace.editor
    workspace.editor = replace(editor, proof=Proof.ALWAYS)
    child = workspace.zone("sub.example.com")
    workspace.editor = editor
    parent = workspace.zone("example.com")
    assert delegated(parent) == [] and delegations.zones_among([child.name], child.account) == set()
    workspace.zone("other.example.com")
    record = workspace.add(parent, "A", "www.sub", "192.0.2.1")
    assert "www.sub.example.com. 3600 IN A 192.0.2.1" in lines(parent)
    operator = replace(workspace.owner, permissions=frozenset({"admin:*"}))
    workspace.editor.release_zone(operator, child.uuid)
    assert delegated(parent) == ["other.example.com.", "sub.example.com."]
    assert [one.uuid for one in occluded(current(parent), APEX.servers)] == [record.uuid]


def in_thread(workspace: Workspace, write: Callable[[], object]) -> None:
    def run() -> None:
        with workspace.store.connection():
            write()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_a_record_and_a_zone_at_one_name_are_not_both_created(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    calls: list[Zone] = []

    def requests(zone: Zone) -> list[RecordRequest]:
        calls.append(zone)
        if len(calls) == 1:
            in_thread(workspace, lambda: workspace.zone("sub.example.com"))
        return [CreateRecord(RecordInput("A", "www.sub", "192.0.2.1"))]

    with pytest.raises(RuleBroken):
        workspace.editor.change_many(workspace.owner, parent.uuid, requests)
    assert len(calls) == 2 and records.of_zone(parent) == []


def test_a_zone_is_evaluated_again_if_the_one_above_changed(workspace: Workspace) -> None:
    parent = workspace.zone("example.com")
    waiting = [lambda: workspace.add(parent, "A", "www.sub", "192.0.2.1")]

    def clock() -> datetime:
        if waiting:
            in_thread(workspace, waiting.pop())
        return workspace.clock()

    with pytest.raises(InvalidName, match="take_records"):
        replace(workspace.editor, clock=clock).create_zone(workspace.owner, "sub.example.com")
    assert zones.get_by_name(dns.name.from_text("sub.example.com")) is None


def plant(workspace: Workspace, parent: Zone, rows: list[Row]) -> Zone:
    """Create a zone below records that hide it, as an older release did."""
    fill(workspace, parent, rows)
    child = workspace.zone("other.example.com")
    with workspace.store.writing():
        current_database().execute_sql(
            "update zone set name = 'sub.example.com', name_key = 'com.example.sub.' where uuid = ?", (child.uuid.hex,)
        )
    return current(child)


@pytest.mark.parametrize(
    ("rows", "hidden", "shown"),
    [
        (DATA, DATA, []),
        (
            DELEGATED,
            DELEGATED[1:3],
            [f"sub.example.com. {APEX.ttl} IN NS ns.sub.example.com.", "ns.sub.example.com. 3600 IN A 192.0.2.53"],
        ),
    ],
    ids=["data", "a delegation by hand"],
)
def test_what_an_upgrade_finds_below_stays_stored_and_is_not_served(
    workspace: Workspace, rows: list[Row], hidden: list[Row], shown: list[str]
) -> None:
    parent = workspace.zone("example.com")
    plant(workspace, parent, rows)
    found = occluded(current(parent), APEX.servers)
    assert {(one.rdtype.name, print_owner(one.owner, parent.name)) for one in found} == {row[:2] for row in hidden}
    expected = [f"sub.example.com. {APEX.ttl} IN NS {server}" for server in APEX.servers]
    assert sorted(line for line in lines(parent) if "sub." in line) == sorted([*expected, *shown])
    change = lambda *_: RecordInput("TXT", "x.sub", "changed")  # noqa: E731
    with pytest.raises(InputError):
        workspace.editor.change_record(workspace.owner, found[0].uuid, change)
    for one in found:
        workspace.editor.delete_record(workspace.owner, one.uuid)
    assert occluded(current(parent), APEX.servers) == []


def _record(zone: Zone, name: str) -> Record:
    return next(one for one in records.of_zone(zone) if print_owner(one.owner, zone.name) == name)
