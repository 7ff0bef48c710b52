"""The impact that a dry run shows: that of the zone in memory, for a cost that does not follow the zone's size."""

from __future__ import annotations

import dns.name
import pytest

from appliance.editing import CreateRecord, DeleteRecord, Diff, RecordInput, RecordRequest
from appliance.editing.apply import MAX_CHANGES
from appliance.store import records
from appliance.zones.changes import apply
from appliance.zones.impact import impact_of
from appliance.zones.model import Zone
from tests.editing.observing import observed
from tests.workspace import APEX, SERVERS, Workspace
from tests.zones.records import InMemoryZone

ADDRESS = "192.0.2.1"
CREATIONS = [
    [("A", "a.b", ADDRESS)],
    [("A", "*", "192.0.2.2")],
    [("NS", "sub", "ns.sub.example.com"), ("A", "ns.sub", ADDRESS)],
    [("NS", "child", "ns.example.org")],
    [("CNAME", "alias", "www.example.com"), ("TXT", "new", "x")],
]


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    zone = workspace.zone()
    for record_type, name, value in (
        ("A", "www", ADDRESS),
        ("A", "*", ADDRESS),
        ("A", "x.y", ADDRESS),
        ("NS", "d", "n.d.example.com"),
        ("A", "n.d", ADDRESS),
    ):
        workspace.add(zone, record_type, name, value)
    workspace.add(zone, "MX", "@", "www.example.com", priority=10)
    for domain in ("child", "hidden.d"):
        workspace.zone(f"{domain}.example.com")
    return zone


def expected(workspace: Workspace, zone: Zone, diff: Diff) -> list[tuple[object, ...]]:
    children = [dns.name.from_text(name, zone.name) for name in ("child", "hidden.d")]
    stored = records.of_zone(zone)
    before, after = (InMemoryZone(rows, zone.name, SERVERS, children) for rows in (stored, apply(stored, diff.changes)))
    return [shown(one) for one in impact_of(before, after, diff.changes, APEX)]


def shown(change: object) -> tuple[object, ...]:
    return tuple(getattr(change, name) for name in ("name", "rdtype", "before", "after", "why", "detail", "cached_for"))


@pytest.mark.parametrize("created", CREATIONS)
def test_creations(workspace: Workspace, zone: Zone, created: list[tuple[str, str, str]]) -> None:
    check(workspace, zone, [CreateRecord(RecordInput(*row)) for row in created])


@pytest.mark.parametrize("names", [["www"], ["*"], ["x.y"], ["d", "n.d"], ["www", "*"]])
def test_deletions(workspace: Workspace, zone: Zone, names: list[str]) -> None:
    owners = {dns.name.from_text(name, zone.name) for name in names}
    check(workspace, zone, [DeleteRecord(one.uuid) for one in records.of_zone(zone) if one.owner in owners])


def check(workspace: Workspace, zone: Zone, requests: list[RecordRequest]) -> None:
    before = workspace.rows()
    diff = workspace.editor.change_many(workspace.owner, zone.uuid, requests, dry_run=True)
    assert workspace.rows() == before and not diff.applied and diff.impact
    assert [shown(one) for one in diff.impact] == expected(workspace, zone, diff)
    assert workspace.editor.change_many(workspace.owner, zone.uuid, requests).impact is None


def test_no_statement_more_for_a_larger_zone(workspace: Workspace, zone: Zone) -> None:
    requests: list[RecordRequest] = [CreateRecord(RecordInput("A", "a.b", ADDRESS))]

    def statements_of_dry_run() -> int:
        with observed(workspace) as (editor, statements):
            editor.change_many(workspace.owner, zone.uuid, requests, dry_run=True)
            return len(statements.all)

    few = statements_of_dry_run()
    others: list[RecordRequest] = [CreateRecord(RecordInput("A", f"host-{at}", ADDRESS)) for at in range(2_000)]
    workspace.editor.change_many(workspace.owner, zone.uuid, others)
    assert statements_of_dry_run() == few < 30


def test_without_the_impact_nothing_is_read_for_it(workspace: Workspace, zone: Zone) -> None:
    requests: list[RecordRequest] = [DeleteRecord(one.uuid) for one in records.of_zone(zone) if one.owner.is_wild()]

    def dry_run(*, with_impact: bool) -> tuple[Diff, int]:
        with observed(workspace) as (editor, statements):
            if with_impact:
                diff = editor.change_many(workspace.owner, zone.uuid, requests, dry_run=True)
            else:
                diff = editor.preview_many(workspace.owner, zone.uuid, requests)
            return diff, len(statements.all)

    (full, all_statements), (short, few) = dry_run(with_impact=True), dry_run(with_impact=False)
    assert few < all_statements and full.impact and short.impact is None
    assert short.changes == full.changes and short.warnings == full.warnings


def test_more_changes_than_one_call_takes_have_no_impact(workspace: Workspace) -> None:
    zone = workspace.zone()
    many = [RecordInput("A", f"host-{at}", ADDRESS) for at in range(MAX_CHANGES + 1)]
    assert workspace.editor.replace_records(workspace.owner, zone.uuid, many, dry_run=True).impact is None
