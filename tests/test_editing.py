"""Writes: what each stores and refuses; a refused one stores nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import apsw
import pytest

from appliance.editing import RecordInput, with_fields
from appliance.editing.zone_names import RESERVATION
from appliance.errors import (
    ApplianceError,
    InputError,
    InvalidName,
    InvalidValue,
    NotFound,
    NotPermitted,
    RuleBroken,
    ZoneProtected,
)
from appliance.principal import TokenLimits
from appliance.render.zone_file import record_line
from appliance.store import record_writes, records, zones
from appliance.zones.changes import Create
from appliance.zones.model import MAX_TTL, Record, Zone
from appliance.zones.names import parse_owner
from appliance.zones.serial import is_later
from tests.workspace import APEX, Row, Workspace, current_database


def change(workspace: Workspace, record: Record, **fields: object) -> tuple[Zone, Record]:
    """Change fields of a record as the owner."""
    edit = lambda zone, before: with_fields(before, zone, fields)  # noqa: E731
    return workspace.editor.change_record(workspace.owner, record.uuid, edit)[:2]


def put(
    workspace: Workspace, record: Record, record_type: str, name: str, value: str, ttl: int | None = None
) -> Record:
    """Replace all data of a record as the owner."""
    requested = RecordInput(record_type, name, value, ttl=ttl)
    return workspace.editor.change_record(workspace.owner, record.uuid, lambda _zone, _before: requested)[1]


def stored(workspace: Workspace, record: Record) -> Record:
    found = records.get(record.uuid, workspace.owner.scope)
    assert found
    return found[1]


def current(zone: Zone) -> Zone:
    return zones.get_any(zone.uuid)


def revision(workspace: Workspace, record: Record) -> int:
    return next(int(row["revision"]) for row in workspace.rows()["record"] if row["uuid"] == record.uuid.hex)


def refused(
    workspace: Workspace, write: Callable[[], object], kind: type[ApplianceError], field: str | None = None
) -> str:
    """Assert that the write raises that error, changes no table and is not announced; return the message."""
    before, announced = workspace.rows(), len(workspace.announced)
    with pytest.raises(kind) as error:
        write()
    assert getattr(error.value, "field", None) == field
    assert workspace.rows() == before and len(workspace.announced) == announced
    return str(error.value)


# Zones


def test_a_new_zone_is_empty_and_has_the_serial_of_the_day(workspace: Workspace) -> None:
    zone = workspace.editor.create_zone(workspace.owner, "Bücher.de")
    assert zone.name.to_text() == "xn--bcher-kva.de." and zone.uuid.version == 4
    assert (zone.serial, zone.revision, zone.record_count, zone.default_ttl) == (2031050400, 1, 0, 3600)
    assert current(zone) == zone and workspace.journal() == [("zone.create", zone.serial)]


def test_the_announcement_comes_after_the_commit(workspace: Workspace) -> None:
    seen: list[Row] = []
    editor = replace(workspace.editor, announce=lambda: seen.extend(workspace.rows()["zone"]))
    zone = editor.create_zone(workspace.owner, "example.com")
    assert [row["uuid"] for row in seen] == [zone.uuid.hex], "another connection saw it already"


@pytest.mark.parametrize(
    "domain", ["", "a..b", "*.example.org", "com", "co.uk", "foo.local", "appliance.test", "ns1.appliance.test"]
)
def test_invalid_and_reserved_domains_are_refused(workspace: Workspace, domain: str) -> None:
    refused(workspace, lambda: workspace.zone(domain), InvalidName, "domain")


def test_operators_may_have_public_suffixes(workspace: Workspace) -> None:
    operator = replace(workspace.owner, permissions=frozenset({"admin:*"}))
    assert workspace.editor.create_zone(operator, "co.uk").name.to_text() == "co.uk."
    refused(workspace, lambda: workspace.editor.create_zone(operator, "local"), InvalidName, "domain")


def test_a_zone_exists_once_over_all_accounts(workspace: Workspace) -> None:
    workspace.zone("example.com")
    texts = {
        refused(workspace, lambda: workspace.editor.create_zone(caller, domain), InvalidName, "domain")  # noqa: B023 - called at once
        for caller in (workspace.owner, workspace.stranger)
        for domain in ("example.com", "EXAMPLE.com", "example.com.")
    }
    assert len(texts) == 1, "the answer does not tell whose it is"


@pytest.mark.parametrize("domain", ["sub.example.com", "a.b.example.com"])
def test_no_zone_is_above_or_below_one_of_another_account(workspace: Workspace, domain: str) -> None:
    workspace.zone("example.com")
    refused(workspace, lambda: workspace.editor.create_zone(workspace.stranger, domain), InvalidName, "domain")
    workspace.zone("deep.below.example.net")
    refused(workspace, lambda: workspace.editor.create_zone(workspace.stranger, "example.net"), InvalidName, "domain")
    for own in (domain, "example.net"):
        workspace.zone(own)
    for beside in ("xexample.com", "example.com.example.org", "example-x.com"):
        workspace.editor.create_zone(workspace.stranger, beside)
    for name in ("example.net", "deep.below.example.net"):
        found = zones.find(workspace.owner.scope, zones.Page(), search=name)[0]
        for zone in found:
            workspace.editor.delete_zone(workspace.owner, zone.uuid)
    workspace.clock.now += RESERVATION
    workspace.editor.create_zone(workspace.stranger, "below.example.net")


def test_a_deleted_name_is_reserved_for_its_account_for_30_days(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    workspace.clock.forward(days=29, hours=23)
    refused(workspace, lambda: workspace.editor.create_zone(workspace.stranger, "example.com"), InvalidName, "domain")
    again = workspace.zone()
    workspace.editor.delete_zone(workspace.owner, again.uuid)
    workspace.clock.now += RESERVATION - timedelta(seconds=1)
    refused(workspace, lambda: workspace.editor.create_zone(workspace.stranger, "example.com"), InvalidName, "domain")
    workspace.clock.forward(seconds=1)
    assert workspace.editor.create_zone(workspace.stranger, "example.com").account == workspace.stranger.account.uuid


def test_a_zone_created_again_has_a_later_serial_and_another_uuid(workspace: Workspace) -> None:
    first = workspace.zone()
    workspace.add(first, "A", "www", "192.0.2.1")
    gone = workspace.editor.delete_zone(workspace.owner, first.uuid)
    workspace.clock.forward(days=-400)
    second = workspace.zone()
    assert is_later(second.serial, gone.serial) and gone.serial == first.serial + 1
    assert second.uuid != first.uuid and records.of_zone(second) == [] and second.record_count == 0
    workspace.editor.delete_zone(workspace.owner, second.uuid)
    assert is_later(workspace.zone().serial, second.serial)


def test_a_protected_zone_is_not_deleted(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"protected": True})
    refused(workspace, lambda: workspace.editor.delete_zone(workspace.owner, zone.uuid), ZoneProtected)
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"protected": False})
    deleted = workspace.editor.delete_zone(workspace.owner, zone.uuid)
    assert deleted.deleted_at == workspace.clock() and deleted.revision == 4 and current(zone) == deleted
    refused(workspace, lambda: workspace.editor.delete_zone(workspace.owner, zone.uuid), NotFound)
    refused(workspace, lambda: workspace.editor.change_zone(workspace.owner, zone.uuid, {"comment": "x"}), NotFound)


def test_settings_change_the_revision_and_not_the_serial(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.clock.forward(seconds=5)
    changed = workspace.editor.change_zone(workspace.owner, zone.uuid, {"default_ttl": 60, "comment": "mine"})
    assert (
        changed
        == current(zone)
        == replace(zone, default_ttl=60, comment="mine", revision=2, updated_at=workspace.clock())
    )
    assert workspace.editor.change_zone(workspace.owner, zone.uuid, {"default_ttl": 60}) == changed
    assert [kind for kind, _ in workspace.journal()] == ["zone.create", "zone.settings"]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"default_ttl": -1}, "default_ttl"),
        ({"default_ttl": 2**31}, "default_ttl"),
        ({"comment": "x" * 501}, "comment"),
        ({"comment": "a\nb"}, "comment"),
        ({"comment": "\ud800"}, "comment"),
    ],
)
def test_settings_out_of_range(workspace: Workspace, settings: dict[str, Any], field: str) -> None:
    zone = workspace.zone()
    refused(workspace, lambda: workspace.editor.change_zone(workspace.owner, zone.uuid, settings), InputError, field)


# Records: one write, one serial


def test_each_change_has_a_serial_a_revision_and_a_journal_row(workspace: Workspace) -> None:
    zone = workspace.zone()
    after, record, _ = workspace.editor.create_record(workspace.owner, zone.uuid, RecordInput("A", "WWW", "192.0.2.1"))
    assert (after.serial, after.revision, after.record_count) == (zone.serial + 1, 2, 1) and current(zone) == after
    assert stored(workspace, record) == record and revision(workspace, record) == 1
    workspace.clock.forward(seconds=1)
    after, changed = change(workspace, record, value="192.0.2.2")
    assert (after.serial, after.revision, after.record_count) == (
        zone.serial + 2,
        3,
        1,
    ) and after.queued_at == workspace.clock()
    assert (
        changed == stored(workspace, record)
        and changed.created_at == record.created_at
        and revision(workspace, record) == 2
    )
    after = workspace.editor.delete_record(workspace.owner, record.uuid).zone
    assert (after.serial, after.revision, after.record_count) == (zone.serial + 3, 4, 0)
    assert [serial - zone.serial for _, serial in workspace.journal()] == [0, 1, 2, 3]
    ((removed, added),) = workspace.journaled()[2:3]
    assert (removed[0]["value"], added[0]["value"]) == ("192.0.2.1", "192.0.2.2")


def test_no_change_leaves_everything_as_it_is(workspace: Workspace) -> None:
    zone = workspace.zone()
    record = workspace.add(zone, "AAAA", "www", "2001:db8::1", ttl=60)
    before = workspace.rows()
    workspace.clock.forward(hours=1)
    for fields in (
        {},
        {"value": "2001:0DB8:0::1"},
        {"name": "WWW.example.com."},
        {"ttl": 60},
        {"comment": ""},
        {"ttl": None},
    ):
        after, same = change(workspace, record, **fields)
        assert same == record and after == current(zone)
    assert put(workspace, record, "AAAA", "www", "2001:db8::1", 60) == record
    assert workspace.rows() == before


def test_a_comment_changes_the_revision_and_not_the_serial(workspace: Workspace) -> None:
    zone = workspace.zone()
    record = workspace.add(zone, "A", "www", "192.0.2.1")
    before = current(zone)
    workspace.clock.forward(hours=1)
    after, changed = change(workspace, record, comment="a note")
    assert (after.serial, after.queued_at, after.revision) == (before.serial, before.queued_at, before.revision + 1)
    assert changed.comment == "a note" and revision(workspace, record) == 2 and len(workspace.journal()) == 3


def test_another_spelling_of_a_value_is_stored_and_not_published(workspace: Workspace) -> None:
    zone = workspace.zone()
    record = workspace.add(zone, "TXT", "www", "plain")
    before = current(zone)
    after, changed = change(workspace, record, value='"plain"')
    assert changed.value == '"plain"' and after.serial == before.serial and after.revision == before.revision + 1


def test_unknown_and_foreign_zones_and_records_are_not_found(workspace: Workspace) -> None:
    zone = workspace.zone()
    record = workspace.add(zone, "A", "www", "192.0.2.1")
    requested = RecordInput("A", "x", "192.0.2.1")
    for caller, zone_uuid, record_uuid in [
        (workspace.owner, uuid4(), uuid4()),
        (workspace.stranger, zone.uuid, record.uuid),
    ]:
        for write in (
            lambda: workspace.editor.create_record(caller, zone_uuid, requested),  # noqa: B023 - called at once
            lambda: workspace.editor.change_record(caller, record_uuid, lambda _zone, _before: requested),  # noqa: B023
            lambda: workspace.editor.delete_record(caller, record_uuid),  # noqa: B023
            lambda: workspace.editor.change_zone(caller, zone_uuid, {"comment": "x"}),  # noqa: B023
            lambda: workspace.editor.delete_zone(caller, zone_uuid),  # noqa: B023
        ):
            assert refused(workspace, write, NotFound) in {"there is no such zone", "there is no such record"}


# The TTL of a set


def test_a_requested_ttl_applies_to_the_whole_set(workspace: Workspace) -> None:
    zone = workspace.zone()
    first = workspace.add(zone, "A", "rr", "192.0.2.1", ttl=60)
    second = workspace.add(zone, "A", "rr", "192.0.2.2", ttl=120)
    assert (stored(workspace, first).ttl, second.ttl, revision(workspace, first)) == (120, 120, 2)
    changed = change(workspace, first, ttl=0)[1]
    assert changed.ttl == stored(workspace, second).ttl == 0
    assert {line.split()[1] for line in records.lines_of(zone).text.splitlines()} == {"0"}
    assert len(workspace.journaled()[-1][0]) == 2, "the journal holds both"


def test_without_a_ttl_a_record_gets_that_of_the_set(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "rr", "192.0.2.1", ttl=60)
    assert workspace.add(zone, "A", "rr", "192.0.2.2").ttl == 60
    assert workspace.add(zone, "AAAA", "rr", "::1").ttl == 3600, "of another type: the zone's"
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"default_ttl": 5})
    assert workspace.add(zone, "A", "other", "192.0.2.1").ttl == 5
    assert workspace.add(zone, "A", "rr", "192.0.2.3").ttl == 60


def test_a_replaced_record_gets_the_ttl_of_the_set_or_the_default(workspace: Workspace) -> None:
    zone = workspace.zone()
    first, alone = (
        workspace.add(zone, "A", "rr", "192.0.2.1", ttl=60),
        workspace.add(zone, "A", "alone", "192.0.2.1", ttl=60),
    )
    workspace.add(zone, "A", "rr", "192.0.2.2")
    assert put(workspace, first, "A", "rr", "192.0.2.9").ttl == 60
    assert put(workspace, alone, "A", "alone", "192.0.2.9").ttl == 3600


def test_a_changed_record_keeps_its_ttl_or_joins_a_set(workspace: Workspace) -> None:
    zone = workspace.zone()
    moving, staying = (
        workspace.add(zone, "A", "old", "192.0.2.1", ttl=60),
        workspace.add(zone, "A", "new", "192.0.2.2", ttl=90),
    )
    assert change(workspace, moving, value="192.0.2.3")[1].ttl == 60
    assert change(workspace, moving, name="elsewhere")[1].ttl == 60
    assert change(workspace, moving, name="new")[1].ttl == 90
    assert change(workspace, moving, name="old", ttl=7)[1].ttl == 7 and stored(workspace, staying).ttl == 90
    assert change(workspace, moving, name="new", ttl=7)[1].ttl == stored(workspace, staying).ttl == 7


def test_the_apex_ns_set_has_the_appliances_ttl(workspace: Workspace) -> None:
    zone = workspace.zone()
    record = workspace.add(zone, "NS", "@", "ns.example.org", ttl=5)
    assert record.ttl == APEX.ttl == change(workspace, record, ttl=6)[1].ttl
    assert workspace.add(zone, "NS", "sub", "ns.example.org", ttl=5).ttl == 5
    refused(workspace, lambda: workspace.add(zone, "NS", "@", "ns2.example.org", ttl=-1), InvalidValue, "ttl")


@pytest.mark.parametrize("ttl", [-1, MAX_TTL + 1, 2**64])
def test_ttls_out_of_range(workspace: Workspace, ttl: int) -> None:
    zone = workspace.zone()
    refused(workspace, lambda: workspace.add(zone, "A", "www", "192.0.2.1", ttl=ttl), InvalidValue, "ttl")
    assert workspace.add(zone, "A", "www", "192.0.2.1", ttl=MAX_TTL).ttl == MAX_TTL


# Refused records


@pytest.mark.parametrize(
    ("record_type", "name", "value", "priority", "field"),
    [
        ("SOA", "www", "192.0.2.1", None, "record_type"),
        ("a", "www", "192.0.2.1", None, "record_type"),
        ("A", "", "192.0.2.1", None, "name"),
        ("A", "www.other.org.", "192.0.2.1", None, "name"),
        ("A", "www", "192.0.2.1\n$INCLUDE x", None, "value"),
        ("A", "www", "192.0.2.1", 1, "priority"),
        ("MX", "@", "mail.example.com", None, "priority"),
        ("CNAME", "@", "www.example.org", None, "name"),
        ("CNAME", "host", "www.example.org", None, "name"),
        ("A", "alias", "192.0.2.1", None, "name"),
        ("CNAME", "alias", "other.example.org", None, "name"),
        ("CNAME", "self", "self.example.com", None, "value"),
        ("NS", "*", "ns.example.org", None, "name"),
        ("NS", "@", "ns1.appliance.test", None, "value"),
        ("NS", "@", "nowhere.example.com", None, "value"),
        ("NS", "@", "alias.example.com", None, "value"),
        ("NS", "host", "ns.example.org", None, "name"),
        ("A", "www.sub", "192.0.2.1", None, "name"),
        ("NS", "a.sub", "ns.example.org", None, "name"),
        ("DS", "host", f"1 8 2 {'ab' * 32}", None, "name"),
        ("A", "host", "192.0.2.1", None, "value"),
        ("A", "HOST.example.com.", "192.0.2.1", None, "value"),
    ],
)
def test_a_refused_record_leaves_no_trace(
    workspace: Workspace, record_type: str, name: str, value: str, priority: int | None, field: str
) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "host", "192.0.2.1", ttl=60)
    workspace.add(zone, "CNAME", "alias", "www.example.org")
    workspace.add(zone, "NS", "sub", "ns.example.org")
    movable = workspace.add(zone, "TXT", "movable", "x")
    refused(workspace, lambda: workspace.add(zone, record_type, name, value, 5, priority), InputError, field)
    requested = RecordInput(record_type, name, value, ttl=5, priority=priority)
    write = lambda: workspace.editor.change_record(workspace.owner, movable.uuid, lambda _zone, _before: requested)  # noqa: E731
    refused(workspace, write, InputError, field)


def test_records_equal_on_the_wire_are_refused(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "AAAA", "www", "2001:db8::1")
    workspace.add(zone, "TXT", "www", "plain")
    other = workspace.add(zone, "AAAA", "www", "2001:db8::2")
    refused(workspace, lambda: workspace.add(zone, "AAAA", "www", "2001:DB8:0::1", ttl=9), InvalidValue, "value")
    refused(workspace, lambda: workspace.add(zone, "TXT", "www", '"plain"'), InvalidValue, "value")
    refused(workspace, lambda: change(workspace, other, value="2001:db8::1"), InvalidValue, "value")


def test_the_101st_record_of_a_set_is_refused(workspace: Workspace) -> None:
    zone = workspace.zone()
    for number in range(100):
        workspace.add(zone, "A", "www", f"192.0.2.{number}")
    refused(workspace, lambda: workspace.add(zone, "A", "www", "192.0.2.100"), RuleBroken, "value")


def test_an_apex_server_keeps_its_address(workspace: Workspace) -> None:
    zone = workspace.zone()
    address = workspace.add(zone, "A", "ns", "192.0.2.1")
    workspace.add(zone, "NS", "@", "ns.example.com")
    refused(workspace, lambda: workspace.editor.delete_record(workspace.owner, address.uuid), RuleBroken, None)
    refused(workspace, lambda: change(workspace, address, name="other"), RuleBroken, "value")
    refused(workspace, lambda: change(workspace, address, record_type="TXT"), RuleBroken, "value")
    wildcard = workspace.add(zone, "A", "*", "192.0.2.1")
    workspace.editor.delete_record(workspace.owner, address.uuid)
    refused(workspace, lambda: workspace.editor.delete_record(workspace.owner, wildcard.uuid), RuleBroken, None)
    refused(workspace, lambda: workspace.add(zone, "TXT", "a.ns", "x"), RuleBroken, "value")


def test_a_delegation_is_removed_from_the_top(workspace: Workspace) -> None:
    zone = workspace.zone()
    server = workspace.add(zone, "NS", "sub", "ns.sub.example.com")
    glue, signer = (
        workspace.add(zone, "A", "ns.sub", "192.0.2.1"),
        workspace.add(zone, "DS", "sub", f"1 8 2 {'ab' * 32}"),
    )
    refused(workspace, lambda: workspace.editor.delete_record(workspace.owner, server.uuid), RuleBroken, None)
    refused(workspace, lambda: change(workspace, server, value="ns.example.org"), RuleBroken, "name")
    workspace.editor.delete_record(workspace.owner, signer.uuid)
    workspace.editor.delete_record(workspace.owner, server.uuid)
    assert change(workspace, glue, record_type="TXT")[1].value == "192.0.2.1", "it is ordinary data now"


def test_a_changed_type_is_parsed_again(workspace: Workspace) -> None:
    zone = workspace.zone()
    mail = workspace.add(zone, "MX", "@", "mail.example.org", priority=10)
    refused(workspace, lambda: change(workspace, mail, priority=None), InvalidValue, "priority")
    refused(workspace, lambda: change(workspace, mail, record_type="A"), InvalidValue, "value")
    refused(workspace, lambda: change(workspace, mail, record_type="TXT", priority=1), InvalidValue, "priority")
    text = change(workspace, mail, record_type="TXT")[1]
    assert text.priority is None and text.value == "mail.example.org"
    refused(workspace, lambda: change(workspace, text, record_type="MX"), InvalidValue, "priority")
    assert change(workspace, text, record_type="MX", priority=5)[1].priority == 5


@pytest.mark.parametrize("comment", ["x" * 501, "a\nb", "\ud800", "\u202e"])
def test_comments_of_records_are_short_and_printable(workspace: Workspace, comment: str) -> None:
    zone = workspace.zone()
    requested = RecordInput("A", "www", "192.0.2.1", comment=comment)
    refused(
        workspace, lambda: workspace.editor.create_record(workspace.owner, zone.uuid, requested), InputError, "comment"
    )


# Limited tokens


def test_a_token_limited_to_zones_sees_no_others(workspace: Workspace) -> None:
    zone, other = workspace.zone("a.org"), workspace.zone("b.org")
    record = workspace.add(other, "A", "www", "192.0.2.1")
    limited = replace(workspace.owner, limits=TokenLimits(zones=frozenset({zone.uuid})))
    requested = RecordInput("A", "www", "192.0.2.1")
    assert workspace.editor.create_record(limited, zone.uuid, requested)
    refused(workspace, lambda: workspace.editor.create_record(limited, other.uuid, requested), NotFound)
    refused(workspace, lambda: workspace.editor.delete_record(limited, record.uuid), NotFound)
    refused(workspace, lambda: workspace.editor.create_zone(limited, "c.org"), NotPermitted)


def test_a_token_limited_to_records_writes_no_others(workspace: Workspace) -> None:
    zone = workspace.zone()
    limits = TokenLimits(record_types=("TXT",), record_names=("_acme-challenge", "_acme-challenge.*"))
    acme = replace(workspace.owner, limits=limits)

    def create(record_type: str, name: str) -> Record:
        return workspace.editor.create_record(acme, zone.uuid, RecordInput(record_type, name, "192.0.2.1"))[1]

    mine, theirs = create("TXT", "_acme-challenge.www"), workspace.add(zone, "TXT", "www", "x")
    for name in ("_ACME-challenge", "_acme-challenge.a.b.example.com"):
        create("TXT", name)
    for record_type, name in [("A", "_acme-challenge"), ("TXT", "www"), ("TXT", "x_acme-challenge"), ("TXT", "@")]:
        refused(workspace, lambda: create(record_type, name), NotPermitted)  # noqa: B023 - called at once
    for uuid, fields in [
        (mine.uuid, {"name": "www"}),
        (mine.uuid, {"record_type": "A"}),
        (theirs.uuid, {"name": "_acme-challenge.x"}),
    ]:
        write = lambda: workspace.editor.change_record(acme, uuid, lambda zone, one: with_fields(one, zone, fields))  # noqa: B023, E731
        refused(workspace, write, NotPermitted)
    refused(workspace, lambda: workspace.editor.delete_record(acme, theirs.uuid), NotPermitted)
    refused(workspace, lambda: workspace.editor.delete_zone(acme, zone.uuid), NotPermitted)
    workspace.editor.delete_record(acme, mine.uuid)


# Serials from the nameservers


@pytest.mark.parametrize("ahead", [1, 1000, 2**31 - 2])
def test_a_serial_is_raised_over_one_that_was_served(workspace: Workspace, ahead: int) -> None:
    zone = workspace.zone()
    served = (zone.serial + ahead) % 2**32
    raised = workspace.editor.raise_serial(zone.uuid, served)
    assert is_later(raised.serial, served) and raised == current(zone)
    assert replace(raised, serial=zone.serial, queued_at=zone.queued_at) == zone
    assert workspace.journal()[-1] == ("zone.raise_serial", raised.serial)


# Costs of a write


def statements_of_a_create(workspace: Workspace, zone: Zone, name: str) -> int:
    """Return the number of SQL statements that create a record."""
    executed: list[str] = []
    connection = current_database().connection()
    connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: executed.append(event["sql"]))
    workspace.add(zone, "A", name, "192.0.2.1")
    connection.trace_v2(0)
    return len(executed)


def test_a_write_costs_the_same_in_a_large_zone(workspace: Workspace) -> None:
    small, large = workspace.zone("small.org"), workspace.zone("large.org")
    for zone, size in ((small, 10), (large, 2000)):
        address = workspace.add(zone, "A", "ns", "192.0.2.1")
        workspace.add(zone, "NS", "@", f"ns.{zone.name.to_text()}")
        with workspace.store.writing():
            for number in range(size):
                copy = replace(address, uuid=uuid4(), owner=parse_owner(f"h{number}.dev", zone.name))
                record_writes.execute(record_writes.prepare(zone, [Create(copy)], record_line))
    for name in ("www", "dev", "new.dev", "a.b.c.dev", "@", "*"):
        assert statements_of_a_create(workspace, small, name) == statements_of_a_create(workspace, large, name)
