"""The differences since a version, from the journal: they lead to the records that are stored, or a file is needed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import apsw
import pytest

from appliance.editing import RecordInput, RecordRequest
from appliance.editing.requests import CreateRecord, DeleteRecord, ReplaceRRset, UpdateRecord
from appliance.editing.zone_import import ImportOptions
from appliance.errors import InputError
from appliance.store import deltas, records, tables, zones
from appliance.store.deltas import ZoneDeltas
from appliance.store.retention import purge_journal
from appliance.zones.delta import Delta, FileReason, VersionDelta, WireRecord, net, wire_record
from appliance.zones.deployment import Publication
from appliance.zones.model import Zone
from tests.deployed import store_attempt
from tests.workspace import SERVERS, Workspace, current_database

STEPS = 40


def since(workspace: Workspace, zone: Zone, serial: int | None = None) -> ZoneDeltas:
    """Return what leads from that serial, by default the zone's own, to the present version."""
    with workspace.store.reading():
        return deltas.since(zone.uuid, zone.serial if serial is None else serial, SERVERS)


def stored(zone: Zone) -> frozenset[WireRecord]:
    return frozenset(wire_record(record) for record in records.of_zone(zone))


def present(zone: Zone) -> Zone:
    return zones.get_any(zone.uuid)


@contextmanager
def traced() -> Iterator[list[str]]:
    """Collect the statements that this thread executes in the block."""
    statements: list[str] = []
    connection: apsw.Connection = current_database().connection()
    connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: statements.append(event["sql"]))
    try:
        yield statements
    finally:
        connection.trace_v2(0)


def edit_at_random(workspace: Workspace, zone: Zone, chance: random.Random) -> None:
    """Make a valid change, or none."""
    editor, owner, present_records = workspace.editor, workspace.owner, records.of_zone(zone)
    name, address = chance.choice(["@", "www", "a.b", "*.dev"]), f"192.0.2.{chance.randrange(4)}"
    ttl = chance.choice([None, 60, 300])
    one = chance.choice(present_records) if present_records else None
    requests: list[list[RecordRequest]] = [
        [CreateRecord(RecordInput("A", name, address, ttl=ttl))],
        [ReplaceRRset("A", name, [address, "192.0.2.9"], ttl=ttl)],
        [ReplaceRRset("CNAME", name, [f"{chance.choice('ab')}.example.org"], ttl=ttl)],
        [DeleteRecord(one.uuid)] if one else [],
        [UpdateRecord(one.uuid, {"comment": address})] if one else [],
        [DeleteRecord(one.uuid), CreateRecord(RecordInput("TXT", name, address))] if one else [],
    ]
    with suppress(InputError):
        editor.change_many(owner, zone.uuid, chance.choice(requests))


@pytest.mark.parametrize("seed", range(3))
def test_the_differences_lead_from_every_version_to_the_next(workspace: Workspace, seed: int) -> None:
    zone, chance = workspace.zone(), random.Random(seed)
    versions = {zone.serial: stored(zone)}
    for _ in range(STEPS):
        kind = chance.random()
        if kind < 0.1:
            workspace.editor.raise_serial(zone.uuid, present(zone).serial + chance.randrange(5))
        elif kind < 0.2:
            workspace.editor.change_zone(workspace.owner, zone.uuid, {"comment": str(kind)})
        else:
            edit_at_random(workspace, zone, chance)
        versions[present(zone).serial] = stored(zone)
    serials = list(versions)
    assert len(serials) > STEPS / 4
    for number, serial in enumerate(serials):
        found = since(workspace, zone, serial)
        assert found.reason is None and found.serial == serials[-1]
        assert [version.serial for version in found.versions] == serials[number + 1 :]
        content = versions[serial]
        for version in found.versions:
            assert version.delta.removed <= content and not version.delta.added & content
            content = version.delta.apply(content)
            assert content == versions[version.serial]
        assert net(version.delta for version in found.versions).apply(versions[serial]) == stored(zone)


def test_nothing_leads_from_the_present_version_to_itself(workspace: Workspace) -> None:
    zone = workspace.zone()
    assert since(workspace, zone) == ZoneDeltas(zone.serial)
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"comment": "a note"})
    assert since(workspace, zone) == ZoneDeltas(zone.serial)
    record = workspace.add(zone, "A", "www", "192.0.2.1")
    before = present(zone)
    workspace.editor.change_many(workspace.owner, zone.uuid, [UpdateRecord(record.uuid, {"comment": "a note"})])
    assert since(workspace, before) == ZoneDeltas(before.serial)


def test_a_raised_serial_is_a_version_without_a_difference(workspace: Workspace) -> None:
    zone = workspace.zone()
    raised = workspace.editor.raise_serial(zone.uuid, zone.serial + 9)
    assert since(workspace, zone).versions == ((raised.serial, Delta()),)


def test_a_serial_that_is_not_later_than_that_of_the_file_needs_a_file(workspace: Workspace) -> None:
    """BIND loads no journal that leads over half of all serials: a restart would find the zone broken."""
    zone = workspace.zone()
    store_attempt(zone.uuid, zone.serial, None, Publication(zone.serial, "digest", "derived"))
    step = 2**31 - 2
    first = workspace.editor.raise_serial(zone.uuid, (zone.serial + step) % 2**32)
    assert since(workspace, zone).reason is None
    second = workspace.editor.raise_serial(zone.uuid, (first.serial + step) % 2**32)
    assert since(workspace, first).reason is FileReason.OLD_FILE
    store_attempt(zone.uuid, first.serial, None, Publication(first.serial, "digest", "derived"))
    assert since(workspace, first).versions == (VersionDelta(second.serial, Delta()),)


def test_a_version_that_is_not_in_the_journal_or_is_later_needs_a_file(workspace: Workspace) -> None:
    zone = workspace.zone()
    assert since(workspace, zone, zone.serial - 1).reason is FileReason.UNKNOWN_VERSION
    assert since(workspace, zone, zone.serial + 1).reason is FileReason.NOT_LATER
    zones.update(zone, serial=zone.serial + 5)
    assert since(workspace, zone).reason is FileReason.UNKNOWN_VERSION


def delete_and_restore(workspace: Workspace, zone: Zone) -> None:
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    workspace.editor.undelete_zone(workspace.owner, zone.uuid, lambda _: None)


@pytest.mark.parametrize(
    "change",
    [
        delete_and_restore,
        lambda workspace, zone: workspace.editor.delete_zone(workspace.owner, zone.uuid),
        lambda workspace, _: workspace.zone("sub.example.com"),
    ],
)
def test_a_change_of_the_zone_itself_needs_a_file(
    workspace: Workspace, change: Callable[[Workspace, Zone], object]
) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1")
    change(workspace, zone)
    workspace.clock.forward(days=1)
    found = since(workspace, zone)
    assert found.reason is FileReason.ZONE_CHANGE and found.versions == ()


def test_rows_without_their_records_need_a_file(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1")
    with workspace.store.writing():
        purge_journal(workspace.clock() + timedelta(days=1), workspace.clock(), 100)
    assert since(workspace, zone).reason is FileReason.NO_CONTENT
    before = present(zone)
    workspace.add(zone, "A", "www", "192.0.2.2")
    assert since(workspace, before).reason is None
    tables.Change.update(format=1).execute()
    assert since(workspace, before).reason is FileReason.NO_CONTENT


def test_records_at_or_below_a_child_zone_or_of_a_delegation_above_it_need_a_file(workspace: Workspace) -> None:
    zone = workspace.zone()
    cut = workspace.add(zone, "NS", "dev", "ns.example.org")
    for child in ("sub", "deep.dev"):
        workspace.zone(f"{child}.example.com")
    for kind, name, value, reason in (
        ("NS", "sub", "ns.sub.example.com", FileReason.CHILD_ZONE),
        ("A", "ns.sub", "192.0.2.53", FileReason.CHILD_ZONE),
        ("NS", "other", "ns.example.org", None),
        ("TXT", "subs", "beside it", None),
    ):
        before = present(zone)
        workspace.add(zone, kind, name, value)
        with traced() as statements:
            assert since(workspace, before).reason is reason, name
        assert len([one for one in statements if not one.startswith(("BEGIN", "COMMIT"))]) == 2
    before = present(zone)
    workspace.editor.delete_record(workspace.owner, cut.uuid)  # the zone deep.dev is delegated from now on
    assert since(workspace, before).reason is FileReason.CHILD_ZONE


def test_a_zone_of_another_account_is_no_child_zone(workspace: Workspace) -> None:
    zone = workspace.zone()
    other = workspace.editor.create_zone(workspace.stranger, "example.org")
    tables.Zone.update(name="sub.example.com", name_key="com.example.sub.").where(
        tables.Zone.uuid == other.uuid
    ).execute()
    workspace.add(zone, "A", "www.sub", "192.0.2.1")
    assert since(workspace, zone).reason is None


def test_the_name_of_a_nameserver_needs_a_file(workspace: Workspace) -> None:
    workspace.owner = replace(workspace.owner, permissions=frozenset({"admin:*"}))
    zone = workspace.zone("appliance.test")
    workspace.add(zone, "TXT", "ns1", "a note")
    assert since(workspace, zone).reason is FileReason.OWN_NAME


def test_large_changes_need_a_file_and_are_not_read(workspace: Workspace) -> None:
    zone = workspace.zone()
    many = [f"www{number} 300 IN TXT {'x' * 200}" for number in range(260)]
    workspace.editor.import_zone_file(workspace.owner, zone.uuid, "\n".join(many))
    assert since(workspace, zone).reason is FileReason.TOO_LARGE  # in one message
    options = ImportOptions(confirmed=True)
    for _ in range(6):
        before = present(zone)
        workspace.editor.import_zone_file(workspace.owner, zone.uuid, "\n".join(many[:200]), options=options)
        workspace.editor.import_zone_file(workspace.owner, zone.uuid, "www 300 IN A 192.0.2.1", options=options)
        assert since(workspace, before).reason is None
    assert since(workspace, zone).reason is FileReason.TOO_LARGE


def test_an_ordinary_change_is_read_by_one_statement_however_many_rows_the_journal_has(workspace: Workspace) -> None:
    zone = workspace.zone()
    for number in range(9):
        workspace.add(zone, "A", f"www{number}", "192.0.2.1")
    before = present(zone)
    workspace.add(zone, "A", "www", "192.0.2.1")
    with traced() as statements:
        found = since(workspace, before)
    assert len(found.versions) == 1
    assert len([one for one in statements if not one.startswith(("BEGIN", "COMMIT"))]) == 1
    plan = current_database().connection().execute(f"explain query plan {statements[1]}", ("0",) * 4).fetchall()
    assert not [detail for *_, detail in plan if detail.startswith("SCAN") or "B-TREE" in detail]
