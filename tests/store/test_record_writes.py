"""Changes of many records: stored rows, their order, and the number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import dns.name
import pytest

from appliance.render.zone_file import record_line
from appliance.store import records
from appliance.store.record_writes import ROWS_PER_STATEMENT, execute, prepare
from appliance.store.records import ZoneView
from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.rdata import parse_rdata
from tests.workspace import Workspace
from tests.zones.records import VALUES, record


def numbered(count: int) -> list[Record]:
    return [record("A", f"h{number:04}", f"10.0.{number // 256}.{number % 256}") for number in range(count)]


def store(workspace: Workspace, zone: Zone, changes: Sequence[Change]) -> int:
    """Store the changes; return the number of statements."""
    statements = prepare(zone, changes, record_line)
    with workspace.store.writing():
        execute(statements)
    return len(statements)


def with_value(one: Record, value: str) -> Record:
    content = parse_rdata(one.rdtype.name, value, one.priority, dns.name.from_text("example.com"))
    return replace(one, wire=content.rdata.to_wire() or b"", value=content.value)


@pytest.mark.parametrize("count", [0, 1, ROWS_PER_STATEMENT, ROWS_PER_STATEMENT + 1])
def test_rows_come_back_as_they_were_stored(workspace: Workspace, count: int) -> None:
    zone, held = workspace.zone(), numbered(count)
    statements = -(-count // ROWS_PER_STATEMENT)
    assert store(workspace, zone, [Create(one) for one in held]) == statements
    assert records.of_zone(zone) == held
    changed = [replace(with_value(one, "192.0.2.1"), ttl=5, comment="x") for one in held]
    assert store(workspace, zone, [Update(*sides) for sides in zip(held, changed, strict=True)]) == statements
    assert records.of_zone(zone) == changed
    assert set(ZoneView(zone, ()).revisions(one.uuid for one in held).values()) <= {2}
    assert records.lines_of(zone).text.count(" 5 IN A 192.0.2.1\n") == count
    assert store(workspace, zone, [Delete(one) for one in changed]) == statements
    assert records.of_zone(zone) == []


def test_records_may_exchange_their_data_in_a_circle(workspace: Workspace) -> None:
    zone, held = workspace.zone(), [record("A", "www", f"192.0.2.{number}") for number in range(3)]
    store(workspace, zone, [Create(one) for one in held])
    round_about = [with_value(one, held[(at + 1) % 3].value) for at, one in enumerate(held)]
    store(workspace, zone, [Update(*sides) for sides in zip(held, round_about, strict=True)])
    assert {one.uuid: one.value for one in records.of_zone(zone)} == {one.uuid: one.value for one in round_about}


def test_deleted_records_do_not_conflict_with_new_ones(workspace: Workspace) -> None:
    zone, old = workspace.zone(), record("A", "www", "192.0.2.1")
    moving = record("A", "www", "192.0.2.2")
    store(workspace, zone, [Create(old), Create(moving)])
    new = replace(record("A", "www", "192.0.2.2"), comment="new")
    store(workspace, zone, [Create(new), Update(moving, with_value(moving, "192.0.2.1")), Delete(old)])
    assert {one.value: one.uuid for one in records.of_zone(zone)} == {"192.0.2.1": moving.uuid, "192.0.2.2": new.uuid}


@pytest.mark.parametrize(("record_type", "value"), VALUES)
def test_records_of_every_type_come_back(workspace: Workspace, record_type: str, value: str) -> None:
    zone, one = workspace.zone(), record(record_type, "*.dev", value, comment="x")
    store(workspace, zone, [Create(one)])
    assert records.of_zone(zone) == [one] and records.lines_of(zone).text == f"{record_line(one)}\n"
