"""The warnings of stored zones: those of all their owners, found without reading all records."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.editing import MAX_WARNINGS, CreateRecord, DeleteRecord, RecordInput, warnings_of
from appliance.editing.zone_names import organisation_of
from appliance.errors import InputError
from appliance.store import records
from appliance.store.records import ZoneView
from appliance.zones.model import Zone, group_rrsets
from appliance.zones.names import parse_owner
from appliance.zones.warnings import warnings_after, warnings_at
from appliance.zones.zone_warning import (
    CNAME_CHAIN,
    MX_WITHOUT_DMARC,
    TARGET_WITHOUT_ADDRESS,
    WILDCARD_SHADOWED,
    ZoneWarning,
)
from tests.editing.observing import observed
from tests.workspace import SERVERS, Workspace

ROWS = [
    *[("A", name, "192.0.2.1", None) for name in ("@", "*", "a", "b", "a.b", "*.b", "ns.d")],
    *[("AAAA", name, "2001:db8::1", None) for name in ("a", "*")],
    ("CNAME", "x", "a.example.org", None),
    *[
        ("CNAME", name, f"{target}.example.com", None)
        for name, target in (("a", "b"), ("b", "a"), ("*", "a"), ("c", "x"))
    ],
    *[("TXT", name, "v=spf1 -all", None) for name in ("@", "a", "_spf")],
    *[("TXT", name, "x", None) for name in ("@", "b", "_acme-challenge.c", "a.b.c", "k._domainkey")],
    *[("TXT", name, "v=DMARC1", None) for name in ("_dmarc", "_dmarc.a")],
    *[("MX", name, f"{target}.example.com", 0) for name, target in (("@", "a"), ("a", "gone"), ("*", "b"))],
    *[("SRV", "_x._tcp", f"1 2 {target}.example.com", 0) for target in ("a", "c")],
    *[("NS", name, target, None) for name, target in (("@", "ns.example.org"), ("d", "ns.d.example.com"))],
    ("NS", "d", "b.example.com", None),
    ("MX", "b", ".", 0),
]
"""Type, name, value and priority of records that have all kinds of warnings together."""


def add(workspace: Workspace, zone: Zone, rows: list[tuple[str, str, str, int | None]]) -> None:
    """Create these records, except those that a rule refuses."""
    for record_type, name, value, priority in rows:
        try:
            workspace.add(zone, record_type, name, value, priority=priority, ttl=30)
        except InputError:
            continue


def all_warnings(zone: Zone) -> list[ZoneWarning]:
    """Return the warnings at all names with records and above them."""
    owners = group_rrsets(records.of_zone(zone))
    above = {owner.parent() for owner in owners if owner != zone.name} | {zone.name}
    return warnings_at(ZoneView(zone, SERVERS), owners.keys() | above, organisation_of)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(ROWS), max_size=14, unique=True))
def test_they_are_those_of_all_owners(workspace: Workspace, rows: list[tuple[str, str, str, int | None]]) -> None:
    zone = workspace.zone()
    try:
        add(workspace, zone, rows)
        assert warnings_of(zone, SERVERS) == all_warnings(zone)
    finally:
        workspace.editor.change_many(
            workspace.owner, zone.uuid, [DeleteRecord(one.uuid) for one in records.of_zone(zone)]
        )
        workspace.editor.delete_zone(workspace.owner, zone.uuid)


def statements_for(workspace: Workspace, zone: Zone) -> int:
    """Return the number of statements for the warnings of a zone."""
    with observed(workspace) as (editor, statements), editor.store.reading():
        statements.all.clear()
        warnings_of(zone, SERVERS)
        return len(statements.all)


def test_addresses_are_counted_in_the_index_and_not_read(workspace: Workspace) -> None:
    zone = workspace.zone()
    costs = []
    for size in (10, 600):
        hosts = [CreateRecord(RecordInput("A", f"host-{size}-{at}", "192.0.2.1")) for at in range(size)]
        workspace.editor.change_many(workspace.owner, zone.uuid, hosts)
        costs.append(statements_for(workspace, zone))
    assert costs == [2, 2], "the owners that can have warnings, and child zones with data"


def test_records_with_targets_are_read_together(workspace: Workspace) -> None:
    zone, count = workspace.zone(), 400
    requests = [CreateRecord(RecordInput("CNAME", f"alias-{at}", f"host-{at}.example.com")) for at in range(count)]
    requests += [CreateRecord(RecordInput("A", f"host-{at}", "192.0.2.1")) for at in range(count)]
    workspace.editor.change_many(workspace.owner, zone.uuid, requests)
    assert statements_for(workspace, zone) == 3, "the same, and all names with addresses"


def test_a_write_of_a_record_reads_what_it_concerns(workspace: Workspace) -> None:
    zone = workspace.zone()
    requests = [CreateRecord(RecordInput("A", f"host-{at}", "192.0.2.1")) for at in range(1000)]
    workspace.editor.change_many(
        workspace.owner, zone.uuid, [*requests, CreateRecord(RecordInput("MX", "@", "mail.example.com", priority=0))]
    )
    with observed(workspace) as (editor, statements), editor.store.reading():
        for name, codes in (("host-7", []), ("@", [TARGET_WITHOUT_ADDRESS, MX_WITHOUT_DMARC]), ("mail", None)):
            statements.all.clear()
            near = warnings_after(ZoneView(zone, SERVERS), [parse_owner(name, zone.name)], organisation_of)
            found = [one.code for one in near]
            assert found == (codes if codes is not None else [TARGET_WITHOUT_ADDRESS, MX_WITHOUT_DMARC])
            assert len(statements.all) <= 5, "names, child zones, nameservers; targets, and child zones of those"


def test_a_write_of_a_record_has_the_warnings_that_the_zone_then_has(workspace: Workspace) -> None:
    zone, editor = workspace.zone(), workspace.editor
    requested = RecordInput("MX", "@", "mail.example.com", priority=10)
    created = editor.create_record(workspace.owner, zone.uuid, requested)
    moved = editor.change_record(
        workspace.owner, created.record.uuid, lambda _zone, _record: replace(requested, name="a")
    )
    same = editor.change_record(
        workspace.owner, created.record.uuid, lambda _zone, _record: replace(requested, name="a")
    )
    address = editor.create_record(workspace.owner, zone.uuid, RecordInput("A", "mail", "192.0.2.1"))
    deleted = editor.delete_record(workspace.owner, address.record.uuid)
    for written, codes in (
        (created, [TARGET_WITHOUT_ADDRESS, MX_WITHOUT_DMARC]),
        (moved, [TARGET_WITHOUT_ADDRESS, MX_WITHOUT_DMARC]),
        (same, [TARGET_WITHOUT_ADDRESS, MX_WITHOUT_DMARC]),
        (address, []),
        (deleted, []),
    ):
        assert [one.code for one in written.warnings] == codes


def test_at_most_so_many_are_listed(workspace: Workspace) -> None:
    zone = workspace.zone()
    requests = [CreateRecord(RecordInput("TXT", f"text-{at}", "x")) for at in range(MAX_WARNINGS + 1)]
    workspace.editor.change_many(
        workspace.owner, zone.uuid, [*requests, CreateRecord(RecordInput("A", "*", "192.0.2.1"))]
    )
    found = warnings_of(zone, SERVERS)
    assert len(found) == MAX_WARNINGS and {one.code for one in found} == {WILDCARD_SHADOWED}


def test_a_diff_has_those_of_the_zone_after_the_change(workspace: Workspace) -> None:
    zone = workspace.zone()
    chain = [CreateRecord(RecordInput("CNAME", name, f"{to}.example.com")) for name, to in (("a", "b"), ("b", "c"))]
    diff = workspace.editor.change_many(workspace.owner, zone.uuid, chain)
    assert [one.code for one in diff.warnings] == [CNAME_CHAIN]
    undone = workspace.editor.undo_version(workspace.owner, zone.uuid, diff.after.serial)
    assert undone.warnings == []
    restored = workspace.editor.restore_version(workspace.owner, zone.uuid, diff.after.serial, dry_run=True)
    assert [one.code for one in restored.warnings] == [CNAME_CHAIN]
