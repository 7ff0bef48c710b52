"""Zone files that are imported: what is passed over, left out and confirmed, and that an export changes nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import dns.name
import pytest
from dns.rdatatype import RdataType

from appliance.compiler import compile_zone
from appliance.editing import ImportOptions
from appliance.editing.zone_import import CONFIRMED_RECORDS
from appliance.errors import ConfirmationRequired, InputError, LinesRefused, NotPermitted
from appliance.principal import TokenLimits
from appliance.render.zone_file import record_line
from appliance.store import records, zones
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.own_records import OwnAddress
from tests.soak.random_zones import random_zone, zone_of_every_value
from tests.store.test_zones import statements
from tests.workspace import APEX, SERVERS, Workspace, current_database

SKIP = ImportOptions(skip_refused=True)


def export(workspace: Workspace, zone: Zone) -> str:
    """Return the zone file of the zone as it is now."""
    with workspace.store.reading():
        return compile_zone(zones.get_any(zone.uuid), workspace.editor.apex).content.decode()


def lines_of(zone: Zone) -> list[str]:
    """Return the lines of the stored records."""
    return [record_line(one) for one in records.of_zone(zone)]


@pytest.mark.parametrize("seed", range(12))
def test_an_export_is_imported_without_a_change(workspace: Workspace, seed: int) -> None:
    """Random zones of all types; in an empty zone the file gives the same records."""
    made = random_zone(Random(seed), seed, APEX) if seed else zone_of_every_value(seed, APEX)
    editor, owner = workspace.editor, workspace.owner
    zone = workspace.zone(print_domain(made.name))
    editor.import_zone_file(owner, zone.uuid, made.file(1, APEX).decode())
    exported = export(workspace, zone)
    assert sorted(lines_of(zone)) == sorted(map(record_line, made.records))
    diff = editor.import_zone_file(owner, zone.uuid, exported)
    assert (diff.changes, diff.after) == ((), diff.before)
    assert export(workspace, zone) == exported


def test_what_the_appliance_derives_is_passed_over(workspace: Workspace) -> None:
    zone, server = workspace.zone(), dns.name.from_text("ns1.example.com")
    address = OwnAddress(server, RdataType.A, "192.0.2.53")
    workspace.editor = replace(workspace.editor, apex=replace(APEX, servers=(server, SERVERS[1]), addresses=(address,)))
    workspace.zone("child.example.com")
    workspace.add(zone, "A", "www", "192.0.2.1")
    exported = export(workspace, zone)
    assert exported.count(" NS ") == 4 and "ns1.example.com. 900 IN A 192.0.2.53" in exported
    diff = workspace.editor.import_zone_file(workspace.owner, zone.uuid, exported)
    assert not diff.changes
    assert [(one.code, print_domain(one.name), one.detail.partition(" is ")[0]) for one in diff.warnings] == [
        ("passed-over", "example.com", "line 1: SOA"),
        ("passed-over", "example.com", "line 2: NS and 1 more"),
        ("passed-over", "ns1.example.com", "line 4: A"),
        ("passed-over", "child.example.com", "line 5: NS and 1 more"),
    ]
    with pytest.raises(InputError, match="addresses come from the settings") as refused:
        workspace.editor.import_zone_file(workspace.owner, zone.uuid, f"{exported}\nns1 A 192.0.2.54")
    assert refused.value.field == f"line.{exported.count(chr(10)) + 2}"


def test_records_that_a_child_zone_hides_are_kept(workspace: Workspace) -> None:
    """An older release accepted them."""
    zone, child = workspace.zone(), workspace.zone("other.example.com")
    hidden = workspace.add(zone, "TXT", "www.sub", "hidden later")
    with workspace.store.writing():
        moved = "update zone set name = 'sub.example.com', name_key = 'com.example.sub.' where uuid = ?"
        current_database().execute_sql(moved, (child.uuid.hex,))
    exported = export(workspace, zone)
    assert "hidden later" not in exported and "sub.example.com. 900 IN NS" in exported
    diff = workspace.editor.import_zone_file(workspace.owner, zone.uuid, exported)
    assert not diff.changes and records.of_zone(zone) == [hidden]


def test_a_merge_removes_nothing(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1", 60)
    workspace.add(zone, "TXT", "@", "old")
    merge = ImportOptions(merge=True)
    diff = workspace.editor.import_zone_file(workspace.owner, zone.uuid, "@ TXT old\nwww 90 A 192.0.2.2", "", merge)
    assert [one.value for one in diff.added] == ["192.0.2.2"] and not diff.removed
    assert [(one.value, one.ttl) for one in records.of_zone(zone)] == [
        ("old", 3600),
        ("192.0.2.1", 90),
        ("192.0.2.2", 90),
    ]


@pytest.mark.parametrize(("stored", "left", "is_refused"), [(9, 0, False), (10, 7, False), (10, 6, True)])
def test_many_removals_are_confirmed(workspace: Workspace, stored: int, left: int, is_refused: bool) -> None:
    zone = workspace.zone()
    for number in range(stored):
        workspace.add(zone, "A", "www", f"192.0.2.{number}")
    assert stored < CONFIRMED_RECORDS or left
    text = "".join(f"www A 192.0.2.{number}\n" for number in range(left))
    editor, owner = workspace.editor, workspace.owner
    assert len(editor.import_zone_file(owner, zone.uuid, text, dry_run=True).removed) == stored - left
    if is_refused:
        before = workspace.rows()
        with pytest.raises(ConfirmationRequired, match="4 of the 10 records"):
            editor.import_zone_file(owner, zone.uuid, text)
        assert workspace.rows() == before
    confirmed = ImportOptions(confirmed=is_refused)
    assert len(editor.import_zone_file(owner, zone.uuid, text, "", confirmed).removed) == stored - left


def test_refused_lines_are_left_out_when_asked(workspace: Workspace) -> None:
    zone = workspace.zone()
    text = "a HINFO x y\nb A 192.0.2.1\nb A 192.0.2.300\nx.example.org. A 192.0.2.1\nc 4294967295 A 192.0.2.1\n"
    with pytest.raises(LinesRefused) as refused:
        workspace.editor.import_zone_file(workspace.owner, zone.uuid, text)
    assert [one.line for one in refused.value.lines] == [1, 3, 4, 5]
    diff = workspace.editor.import_zone_file(workspace.owner, zone.uuid, text, "", SKIP)
    assert [one.value for one in diff.added] == ["192.0.2.1"]
    assert [(one.code, one.detail[:6]) for one in diff.warnings] == [
        ("passed-over", f"line {number}") for number in (1, 3, 4, 5)
    ]


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("www CNAME a.example.net.\nwww A 192.0.2.1\nwww TXT x", [1]),
        ("@ CNAME a.example.net.\n@ MX 10 mail.example.net.", [1]),
        ("www CNAME www\nb A 192.0.2.1", [1]),
        ("www DS 1 13 2 " + "0" * 64, [1]),
        ("*.sub NS ns.example.net.\n*.sub TXT x", [1]),
        ("sub NS ns.example.net.\nwww.sub A 192.0.2.1\nwww.sub TXT x\nsub TXT x", [2, 3, 4]),
        ("sub NS ns.sub\nns.sub A 192.0.2.1\nb.sub A 192.0.2.1", [3]),
        ("@ NS ns\n@ NS ns.example.net.\n@ TXT x", [1]),
        ("@ NS ns\nns CNAME a.example.net.\n@ TXT x", [1, 2]),
        ("@ MX 0 .\n@ MX 10 a.example.net.\n@ TXT x", [1, 2]),
        ("child TXT x\na.child A 192.0.2.1\nwww A 192.0.2.1", [1, 2]),
        ("".join(f"www A 10.0.0.{number}\n" for number in range(102)), [101, 102]),
    ],
)
def test_what_breaks_a_rule_is_left_out_when_asked(workspace: Workspace, text: str, left_out: list[int]) -> None:
    zone = workspace.zone()
    workspace.zone("child.example.com")
    with pytest.raises(InputError):
        workspace.editor.import_zone_file(workspace.owner, zone.uuid, text)
    diff = workspace.editor.import_zone_file(workspace.owner, zone.uuid, text, "", SKIP)
    found = [int(one.detail.split()[1].strip(":")) for one in diff.warnings if one.code == "passed-over"]
    assert found == left_out
    assert len(diff.added) == text.strip().count("\n") + 1 - len(left_out)


def test_a_merge_leaves_out_lines_and_no_stored_record(workspace: Workspace) -> None:
    zone = workspace.zone()
    stored = (("A", "www", "192.0.2.1"), ("CNAME", "old", "a.example.net"), ("TXT", "x.sub", "x"))
    for record_type, name, value in stored:
        workspace.add(zone, record_type, name, value)
    workspace.add(zone, "MX", "@", "mail.example.net", priority=10)
    before = records.of_zone(zone)
    text = (
        "www CNAME b.example.net.\nold A 192.0.2.1\nold CNAME b.example.net.\nsub NS ns.example.net.\n@ MX 0 .\n"
        "new A 192.0.2.1"
    )
    merge = ImportOptions(merge=True, skip_refused=True)
    diff = workspace.editor.import_zone_file(workspace.owner, zone.uuid, text, "", merge)
    found = [int(one.detail.split()[1].strip(":")) for one in diff.warnings if one.code == "passed-over"]
    assert found == [1, 2, 3, 4, 5]
    assert [one.value for one in diff.added] == ["192.0.2.1"] and not diff.removed and not diff.changed
    assert {*before} < {*records.of_zone(zone)}


def test_the_number_of_statements_does_not_grow_with_the_names(workspace: Workspace) -> None:
    counts = []
    for number, names in enumerate((50, 250)):
        zone = workspace.zone(f"z{number}.example")
        text = "".join(f"h{name} A 192.0.2.1\n" for name in range(names))
        with statements(workspace.store) as executed:
            workspace.editor.import_zone_file(workspace.owner, zone.uuid, text, dry_run=True)
        counts.append(len(executed))
    assert counts[0] == counts[1]


def test_a_zone_that_changes_meanwhile_is_read_again(workspace: Workspace) -> None:
    """The child zone is created between the two snapshots of the import: its delegation is passed over too."""
    zone = workspace.zone()
    text = "child NS ns1.appliance.test.\nwww A 192.0.2.1"
    created: list[Zone] = []

    def create_once(stored: object) -> None:
        if isinstance(stored, Zone) and not created:
            created.append(workspace.zone("child.example.com"))

    editor = replace(workspace.editor, precondition=create_once)
    diff = editor.import_zone_file(workspace.owner, zone.uuid, text)
    assert [one.rdtype for one in diff.added] == [RdataType.A]
    assert created and "child.example.com" in {print_domain(one.name) for one in diff.warnings}


def test_only_what_differs_changes(workspace: Workspace) -> None:
    zone = workspace.zone()
    for name in ("@", "www", "a.b.c"):
        workspace.add(zone, "MX", name, "mail.example.net", 60, 10)
    workspace.add(zone, "TXT", "old", "x")
    workspace.add(zone, "TXT", "plain", 'say "hi"; bye')
    stored = records.of_zone(zone)
    lines = [record_line(one) for one in stored]
    editor, owner = workspace.editor, workspace.owner
    assert editor.import_zone_file(owner, zone.uuid, "\n".join(lines)).changes == ()
    wanted = "\n".join([*(one for one in lines if "old" not in one), "new A 192.0.2.1", "new A 192.0.2.1"])
    planned = editor.import_zone_file(owner, zone.uuid, wanted, dry_run=True)
    assert records.of_zone(zone) == stored and not planned.applied
    diff = editor.import_zone_file(owner, zone.uuid, wanted, "import")
    assert [one.value for one in diff.added] == ["192.0.2.1"] and not diff.changed
    assert [one.value for one in diff.removed] == ["x"]
    assert diff.after.serial == zone.serial + 6
    editor.import_zone_file(owner, zone.uuid, "")
    assert records.of_zone(zone) == []


def test_a_ttl_changes_and_the_rest_of_a_record_stays(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "TXT", "@", "plain text", 60)
    (before,) = records.of_zone(zone)
    diff = workspace.editor.import_zone_file(workspace.owner, zone.uuid, '@ 90 TXT "plain text"')
    assert diff.changed == [(before, replace(before, ttl=90, updated_at=workspace.clock()))]


@pytest.mark.parametrize(
    "wrong",
    [
        "www A nonsense",
        "www CNAME example.net.",
        "www.example.org. A 192.0.2.1",
        "www MX 10 a_b.example.net.",
        "www 2147483648 TXT x",
        "-www A 192.0.2.1",
    ],
)
def test_the_field_names_the_line(workspace: Workspace, wrong: str) -> None:
    zone = workspace.zone()
    before = workspace.rows()
    with pytest.raises(InputError) as refused:
        workspace.editor.import_zone_file(workspace.owner, zone.uuid, f"www A 192.0.2.1\n\n{wrong}")
    assert refused.value.field == "line.3" and workspace.rows() == before


@pytest.mark.parametrize(("count", "others"), [(102, "1 other line is"), (103, "2 other lines are")])
def test_an_rrset_over_its_limit_is_refused(workspace: Workspace, count: int, others: str) -> None:
    zone = workspace.zone()
    many = "\n".join(f"www A 10.0.0.{at}" for at in range(count))
    with pytest.raises(InputError, match=rf"100 records.*\(and {others} refused\)") as refused:
        workspace.editor.import_zone_file(workspace.owner, zone.uuid, many)
    assert refused.value.field == "line.101"


def test_it_needs_the_whole_zone(workspace: Workspace) -> None:
    zone = workspace.zone()
    limited = replace(workspace.owner, limits=TokenLimits(record_types=("TXT",)))
    with pytest.raises(NotPermitted, match="import a zone file"):
        workspace.editor.import_zone_file(limited, zone.uuid, "")
