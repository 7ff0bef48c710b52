"""Lists of requests: one serial, all or nothing, checked together at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest

from appliance.editing import (
    CreateRecord,
    DeleteRecord,
    Diff,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    RestoreVersion,
    UndoVersion,
    UpdateRecord,
)
from appliance.editing.apply import MAX_CHANGES
from appliance.errors import InputError, InvalidValue, NotFound, NotPermitted, RuleBroken
from appliance.principal import TokenLimits
from appliance.store import records, zones
from appliance.zones.model import Record, Zone
from tests.workspace import Workspace


def do(workspace: Workspace, zone: Zone, *asked: RecordRequest, dry_run: bool = False) -> Diff:
    return workspace.editor.change_many(workspace.owner, zone.uuid, asked, dry_run=dry_run)


def new(record_type: str, name: str, value: str, ttl: int | None = None, priority: int | None = None) -> CreateRecord:
    return CreateRecord(RecordInput(record_type, name, value, ttl, priority))


def values(zone: Zone) -> list[tuple[str, str, int]]:
    return sorted((record.rdtype.name, record.value, record.ttl) for record in records.of_zone(zone))


def refused(workspace: Workspace, zone: Zone, asked: Sequence[RecordRequest], field: str | None) -> str:
    before = workspace.rows()
    with pytest.raises(InputError) as caught:
        do(workspace, zone, *asked)
    assert workspace.rows() == before
    assert caught.value.field == field
    return str(caught.value)


def test_all_changes_are_one_serial_one_journal_row_and_one_announcement(workspace: Workspace) -> None:
    zone = workspace.zone()
    old, gone = workspace.add(zone, "A", "www", "192.0.2.1"), workspace.add(zone, "TXT", "@", "gone")
    former, workspace.announced[:] = zones.get_any(zone.uuid), []
    diff = do(
        workspace,
        zone,
        new("A", "mail", "192.0.2.3"),
        UpdateRecord(old.uuid, {"value": "192.0.2.2"}),
        DeleteRecord(gone.uuid),
    )
    assert [record.value for record in diff.added] == ["192.0.2.3"]
    assert [(before.value, after.value) for before, after in diff.changed] == [("192.0.2.1", "192.0.2.2")]
    assert diff.removed == [gone]
    assert diff.applied and diff.change_id
    assert diff.before == former and diff.after == zones.get_any(zone.uuid)
    assert diff.after.serial == former.serial + 1 and diff.after.revision == former.revision + 1
    assert diff.after.record_count == 2 == len(records.of_zone(zone))
    assert len(workspace.announced) == 1 and workspace.journal()[-1] == ("records", diff.after.serial)


def test_a_dry_run_shows_the_same_and_stores_nothing(workspace: Workspace) -> None:
    zone = workspace.zone()
    old = workspace.add(zone, "A", "www", "192.0.2.1")
    before, workspace.announced[:] = workspace.rows(), []
    asked = (new("A", "mail", "192.0.2.3"), UpdateRecord(old.uuid, {"ttl": 60}))
    tried = do(workspace, zone, *asked, dry_run=True)
    assert workspace.rows() == before and not workspace.announced and not tried.applied
    done = do(workspace, zone, *asked)
    assert done.after.serial == tried.after.serial
    assert [(old.ttl, new.ttl) for old, new in done.changed] == [(old.ttl, new.ttl) for old, new in tried.changed]


def test_no_requests_and_no_changes_store_nothing(workspace: Workspace) -> None:
    zone = workspace.zone()
    old = workspace.add(zone, "A", "www", "192.0.2.1")
    before = workspace.rows()
    assert do(workspace, zone).change_id is None
    assert not do(workspace, zone, UpdateRecord(old.uuid, {"value": "192.0.2.1"})).changes
    back_and_forth = (UpdateRecord(old.uuid, {"ttl": 5}), UpdateRecord(old.uuid, {"ttl": old.ttl}))
    assert not do(workspace, zone, *back_and_forth).changes
    assert workspace.rows() == before


def test_a_record_with_another_revision_is_not_changed(workspace: Workspace) -> None:
    zone = workspace.zone()
    old = workspace.add(zone, "A", "www", "192.0.2.1")
    twice = (UpdateRecord(old.uuid, {"comment": "x"}, revision=1), UpdateRecord(old.uuid, {"ttl": 5}, revision=1))
    assert do(workspace, zone, *twice).changes
    assert "read it again" in refused(
        workspace, zone, [UpdateRecord(old.uuid, {"ttl": 6}, revision=1)], "changes.0.revision"
    )
    assert do(workspace, zone, UpdateRecord(old.uuid, {"ttl": 6}, revision=2)).changes


def test_the_rules_check_the_zone_after_all_requests(workspace: Workspace) -> None:
    zone = workspace.zone()
    alias = workspace.add(zone, "CNAME", "www", "other.example.net")
    do(workspace, zone, new("A", "www", "192.0.2.1"), DeleteRecord(alias.uuid))
    assert values(zone) == [("A", "192.0.2.1", 3600)]
    do(workspace, zone, new("NS", "@", "ns.example.com"), new("A", "ns", "192.0.2.53"))
    assert len(values(zone)) == 3


def test_records_may_exchange_their_data(workspace: Workspace) -> None:
    zone = workspace.zone()
    one, two = (workspace.add(zone, "MX", "@", f"mx{n}.example.net", priority=n) for n in (1, 2))
    do(workspace, zone, UpdateRecord(one.uuid, {"value": two.value, "priority": 2}), _as(two, one))
    assert {record.uuid: record.value for record in records.of_zone(zone)} == {one.uuid: two.value, two.uuid: one.value}


def _as(record: Record, other: Record) -> UpdateRecord:
    return UpdateRecord(record.uuid, {"value": other.value, "priority": other.priority})


def test_a_record_may_be_created_deleted_and_created_again(workspace: Workspace) -> None:
    zone = workspace.zone()
    old = workspace.add(zone, "A", "www", "192.0.2.1")
    diff = do(workspace, zone, new("A", "www", "192.0.2.1"), DeleteRecord(old.uuid))
    assert (len(diff.added), diff.removed, diff.changed) == (1, [old], [])


def test_a_set_keeps_one_ttl_through_many_changes(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1", ttl=300)
    diff = do(
        workspace, zone, new("A", "www", "192.0.2.2"), new("A", "www", "192.0.2.3", ttl=60), new("A", "w", "192.0.2.4")
    )
    assert values(zone) == [("A", f"192.0.2.{n}", 60) for n in (1, 2, 3)] + [("A", "192.0.2.4", 3600)]
    assert [(before.ttl, after.ttl) for before, after in diff.changed] == [(300, 60)]


def test_a_replaced_set_keeps_the_records_that_stay(workspace: Workspace) -> None:
    zone = workspace.zone()
    stays, goes = workspace.add(zone, "A", "www", "192.0.2.1", ttl=300), workspace.add(zone, "A", "www", "192.0.2.2")
    diff = do(workspace, zone, ReplaceRRset("A", "www", ["192.0.2.3", "192.0.2.1"]))
    assert ([record.value for record in diff.added], diff.removed, diff.changed) == (["192.0.2.3"], [goes], [])
    assert values(zone) == [("A", "192.0.2.1", 300), ("A", "192.0.2.3", 300)]
    assert len(do(workspace, zone, ReplaceRRset("A", "www", [], ttl=5)).removed) == 2
    assert do(workspace, zone, ReplaceRRset("MX", "@", ["mx.example.net"], 60, 10)).added[0].priority == 10
    assert stays not in records.of_zone(zone)


def test_an_error_has_its_change_and_field(workspace: Workspace) -> None:
    zone = workspace.zone()
    old = workspace.add(zone, "A", "www", "192.0.2.1")
    good = new("A", "good", "192.0.2.9")
    assert "IPv4" in refused(workspace, zone, [good, new("A", "bad", "nonsense")], "changes.1.value")
    assert "priority" in refused(workspace, zone, [new("MX", "@", "mx.example.net")], "changes.0.priority")
    assert "TTL" in refused(workspace, zone, [good, UpdateRecord(old.uuid, {"ttl": -1})], "changes.1.ttl")
    assert "no record" in refused(workspace, zone, [good, DeleteRecord(uuid4())], "changes.1.uuid")
    assert "no record" in refused(
        workspace, zone, [DeleteRecord(old.uuid), UpdateRecord(old.uuid, {"ttl": 1})], "changes.1.uuid"
    )
    assert "identical" in refused(workspace, zone, [new("A", "www", "192.0.2.1"), good], "changes.0.value")
    assert "IPv4" in refused(workspace, zone, [good, ReplaceRRset("A", "x", ["192.0.2.1", "b"])], "changes.1.values.1")
    assert "CNAME" in refused(
        workspace, zone, [good, new("CNAME", "www", "a.example.net"), new("A", "b", "192.0.2.8")], "changes.1.name"
    )
    server = new("NS", "@", "ns.example.com")
    assert "no A or AAAA" in refused(workspace, zone, [good, server], "changes.1.value")
    assert "500" in refused(workspace, zone, [new("A", "a", "192.0.2.1"), _commented("x" * 501)], "changes.1.comment")


def _commented(comment: str) -> CreateRecord:
    return CreateRecord(RecordInput("A", "b", "192.0.2.1", comment=comment))


def test_a_broken_rule_keeps_its_kind(workspace: Workspace) -> None:
    zone = workspace.zone()
    with pytest.raises(RuleBroken):
        do(workspace, zone, new("CNAME", "@", "a.example.net"))
    with pytest.raises(InvalidValue):
        do(workspace, zone, new("A", "a", "x"))


def test_records_of_other_zones_and_accounts_are_not_found(workspace: Workspace) -> None:
    zone, elsewhere = workspace.zone(), workspace.zone("example.net")
    foreign = workspace.add(elsewhere, "A", "www", "192.0.2.1")
    assert "no record" in refused(workspace, zone, [DeleteRecord(foreign.uuid)], "changes.0.uuid")
    with pytest.raises(NotFound):
        workspace.editor.change_many(workspace.stranger, zone.uuid, [new("A", "a", "192.0.2.1")])
    limited = replace(workspace.owner, limits=TokenLimits(record_types=("TXT",)))
    with pytest.raises(NotPermitted):
        workspace.editor.change_many(limited, zone.uuid, [new("TXT", "a", "b"), new("A", "a", "192.0.2.1")])
    assert not records.of_zone(zone)


def test_comment_and_number_of_changes_have_limits(workspace: Workspace) -> None:
    zone = workspace.zone()
    with pytest.raises(InputError) as caught:
        do(workspace, zone, *[new("A", "a", "192.0.2.1")] * (MAX_CHANGES + 1))
    assert caught.value.field == "changes"
    workspace.editor.change_many(workspace.owner, zone.uuid, [new("A", "a", "192.0.2.1")], "why it was done")
    assert workspace.rows()["change"][-1]["comment"] == "why it was done"


def test_a_nameserver_moves_together_with_its_glue(workspace: Workspace) -> None:
    zone = workspace.zone()
    ns = workspace.add(zone, "NS", "sub", "ns1.sub.example.com")
    glue = workspace.add(zone, "A", "ns1.sub", "192.0.2.53")
    moved = UpdateRecord(ns.uuid, {"value": "ns2.sub.example.com"})
    assert "would hide A at ns1.sub.example.com" in refused(workspace, zone, [moved], "changes.0.name")
    do(workspace, zone, moved, new("A", "ns2.sub", "192.0.2.54"), DeleteRecord(glue.uuid))
    assert values(zone) == [("A", "192.0.2.54", 3600), ("NS", "ns2.sub.example.com", 3600)]


def test_delegations_may_be_each_others_servers(workspace: Workspace) -> None:
    zone = workspace.zone()
    pairs = [("foo", "bar"), ("bar", "foo")]
    both = [[new("NS", name, f"ns.{other}.example.com"), new("A", f"ns.{name}", "192.0.2.1")] for name, other in pairs]
    do(workspace, zone, *(request for one in both for request in one))
    held = {(one.rdtype.name, one.owner.labels[0], one.value): one for one in records.of_zone(zone)}
    ns = held["NS", b"foo", "ns.bar.example.com"]
    text = refused(workspace, zone, [UpdateRecord(ns.uuid, {"value": "ns.example.org"})], "changes.0.name")
    assert "ns.bar.example.com is below the delegation of bar.example.com" in text
    address = next(one for one in records.of_zone(zone) if one.owner.labels[:2] == (b"ns", b"bar"))
    do(workspace, zone, UpdateRecord(ns.uuid, {"value": "ns.example.org"}), DeleteRecord(address.uuid))


def test_former_versions_are_brought_back_among_other_changes(workspace: Workspace) -> None:
    zone = workspace.zone()
    first = do(workspace, zone, new("A", "www", "192.0.2.1")).after.serial
    mistake = do(workspace, zone, new("A", "www", "192.0.2.2"), new("A", "old", "192.0.2.3")).after.serial
    diff = do(workspace, zone, new("TXT", "@", "kept"), UndoVersion(mistake), new("A", "www", "192.0.2.4"))
    assert values(zone) == [("A", "192.0.2.1", 3600), ("A", "192.0.2.4", 3600), ("TXT", "kept", 3600)]
    assert {record.value for record in diff.removed} == {"192.0.2.2", "192.0.2.3"}
    do(workspace, zone, RestoreVersion(first), new("A", "new", "192.0.2.5"))
    assert values(zone) == [("A", "192.0.2.1", 3600), ("A", "192.0.2.5", 3600)]
    field = "changes.1.serial"
    text = refused(workspace, zone, [new("A", "a", "192.0.2.9"), UndoVersion(7)], field)
    assert text == "this zone has no version 7"
    www = next(record for record in records.of_zone(zone) if record.value == "192.0.2.1")
    text = refused(workspace, zone, [UpdateRecord(www.uuid, {"ttl": 60}), UndoVersion(first)], field)
    assert "A www.example.com changed since" in text
