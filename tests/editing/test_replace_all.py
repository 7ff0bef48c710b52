"""All records of a zone are replaced: what is equal stays as it is."""

from __future__ import annotations

from random import Random

import pytest

from appliance.editing import RecordInput
from appliance.errors import InputError, NotPermitted
from appliance.principal import Principal, TokenLimits
from appliance.store import records
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner
from tests.workspace import Workspace


def inputs(zone: Zone, stored: list[Record]) -> list[RecordInput]:
    """Return the records as a file would have them, without comments."""
    return [
        RecordInput(one.rdtype.name, print_owner(one.owner, zone.name), one.value, one.ttl, one.priority)
        for one in stored
    ]


def test_only_what_differs_changes(workspace: Workspace) -> None:
    zone = workspace.zone()
    for name in ("@", "www", "a.b.c"):
        workspace.add(zone, "MX", name, "mail.example.net", 60, 10)
    workspace.add(zone, "TXT", "old", "x")
    stored = records.of_zone(zone)
    editor, owner = workspace.editor, workspace.owner
    assert editor.replace_records(owner, zone.uuid, inputs(zone, stored)).changes == ()
    wanted = [*inputs(zone, stored[:-1]), RecordInput("A", "new", "192.0.2.1")]
    planned = editor.replace_records(owner, zone.uuid, wanted, dry_run=True)
    assert records.of_zone(zone) == stored and not planned.applied
    diff = editor.replace_records(owner, zone.uuid, wanted, "import")
    assert [one.value for one in diff.added] == ["192.0.2.1"] and not diff.changed
    assert diff.removed == [one for one in stored if one not in stored[:-1]]
    assert diff.after.serial == zone.serial + 5
    editor.replace_records(owner, zone.uuid, [])
    assert records.of_zone(zone) == []


@pytest.mark.parametrize("seed", range(5))
def test_the_zone_has_the_requested_records_whatever_it_had(workspace: Workspace, seed: int) -> None:
    zone, random = workspace.zone(), Random(seed)
    names = ["@", "www", "*", "a.b", "x.a.b"]
    for _ in range(5):
        chosen = {(random.choice(names), f"192.0.2.{random.randrange(9)}") for _ in range(random.randrange(8))}
        wanted = [RecordInput("A", name, value) for name, value in sorted(chosen)]
        before = {(print_owner(one.owner, zone.name), one.value): one for one in records.of_zone(zone)}
        workspace.editor.replace_records(workspace.owner, zone.uuid, wanted)
        after = {(print_owner(one.owner, zone.name), one.value): one for one in records.of_zone(zone)}
        assert after.keys() == chosen
        assert all(after[key].uuid == before[key].uuid for key in after.keys() & before.keys())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (RecordInput("A", "www", "nonsense"), "value"),
        (RecordInput("CNAME", "www", "example.net"), "name"),
        (RecordInput("A", "www", "192.0.2.1"), "value"),
        (RecordInput("MX", "www", "example.net"), "priority"),
    ],
)
def test_the_field_names_the_record(workspace: Workspace, wrong: RecordInput, field: str) -> None:
    zone = workspace.zone()
    before = workspace.rows()
    with pytest.raises(InputError) as refused:
        workspace.editor.replace_records(workspace.owner, zone.uuid, [RecordInput("A", "www", "192.0.2.1"), wrong])
    assert refused.value.field == f"records.1.{field}" and workspace.rows() == before


def test_an_rrset_over_its_limit_is_refused(workspace: Workspace) -> None:
    zone = workspace.zone()
    many = [RecordInput("A", "www", f"10.0.0.{at}") for at in range(101)]
    with pytest.raises(InputError, match="100 records") as refused:
        workspace.editor.replace_records(workspace.owner, zone.uuid, many)
    assert refused.value.field == "records.100.value"


def test_it_needs_the_whole_zone(workspace: Workspace) -> None:
    zone = workspace.zone()
    owner = workspace.owner
    limited = Principal(owner.owner, owner.name, "", owner.permissions, TokenLimits(record_types=("TXT",)))
    with pytest.raises(NotPermitted, match="replace all records"):
        workspace.editor.replace_records(limited, zone.uuid, [])
