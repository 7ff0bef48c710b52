"""Signed zones in the Editor: created signed, TTLs that they refuse, deleted and brought back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.editing import CreateRecord, DeleteRecord, RecordInput, ReplaceRRset, ZoneContent
from appliance.errors import ConfirmationRequired, InputError, InvalidValue, LinesRefused, RuleBroken
from appliance.store import signing, zones
from appliance.zones.model import Zone
from appliance.zones.parent_checks import ParentFindings
from appliance.zones.serial import is_later
from appliance.zones.signing import DsReport, SigningState, Timing, state_of
from tests.signing import AT, at_parent, key, signed, store_signing
from tests.workspace import APEX, Workspace

DAY = 86_400
SIGNED = ZoneContent([RecordInput("A", "www", "192.0.2.1", DAY)], dnssec=True)
READY = key(ds=Timing.RUMOURED)


def created(workspace: Workspace, domain: str = "example.com") -> Zone:
    """Return a new zone that is signed from the start."""
    return workspace.editor.create_zone(workspace.owner, domain, SIGNED)


def secured(workspace: Workspace, zone: Zone) -> None:
    """Store that the parent has the DS of the zone."""
    with workspace.store.writing():
        store_signing(zone, signed(READY, parent=at_parent(zone.name, READY)))


def state(workspace: Workspace, zone: Zone) -> SigningState:
    """Return the state of the zone's DNSSEC."""
    known = signing.get(zones.get_any(zone.uuid))
    assert known
    return state_of(known, zone.name, workspace.clock())


def test_a_zone_is_signed_from_its_first_serial_on(workspace: Workspace) -> None:
    zone = created(workspace)
    assert zone.dnssec and zone.signed and state(workspace, zone) is SigningState.SIGNING
    assert workspace.journal() == [("zone.create", zone.serial)], "one change"
    assert signing.due(workspace.clock(), 10) == [zone.uuid]
    preview = workspace.editor.create_zone(workspace.owner, "dry.example", SIGNED, dry_run=True)
    assert preview.dnssec and zones.get_by_name(preview.name) is None


def test_a_new_signed_zone_has_no_high_ttl(workspace: Workspace) -> None:
    high = [RecordInput("A", "www", "192.0.2.1"), RecordInput("A", "www2", "192.0.2.1", DAY + 1)]
    for content, field in (
        (ZoneContent(high, dnssec=True), "records.1.ttl"),
        (ZoneContent(default_ttl=DAY + 1, dnssec=True), "default_ttl"),
    ):
        with pytest.raises(InputError, match=f"0 to {DAY} seconds, not {DAY + 1}") as refused:
            workspace.editor.create_zone(workspace.owner, "example.com", content)
        assert refused.value.field == field
    for editor, text in (
        (replace(workspace.editor, default_ttl=DAY + 1), "its default_ttl is 86401"),
        (replace(workspace.editor, apex=replace(APEX, ttl=DAY + 1)), r"an operator must set dns\.apex_ttl to 86400"),
    ):
        with pytest.raises(InvalidValue, match=text) as refused:
            editor.create_zone(workspace.owner, "example.com", SIGNED)
        assert refused.value.field == "dnssec"
    assert zones.find(workspace.owner.scope, zones.Page())[1] == 0


def test_a_high_ttl_is_refused_where_it_is_written(workspace: Workspace) -> None:
    zone, owner, editor = created(workspace), workspace.owner, workspace.editor
    high = RecordInput("AAAA", "www", "2001:db8::1", DAY + 1)
    with pytest.raises(RuleBroken, match=r"0 to 86400 seconds, not 86401 \(AAAA at www\.example\.com\)") as refused:
        editor.create_record(owner, zone.uuid, high)
    assert refused.value.field == "ttl"
    with pytest.raises(RuleBroken) as refused:
        editor.change_many(
            owner, zone.uuid, [DeleteRecord(workspace.add(zone, "A", "a", "192.0.2.1").uuid), CreateRecord(high)]
        )
    assert refused.value.field == "changes.1.ttl"
    with pytest.raises(RuleBroken) as refused:
        editor.change_many(owner, zone.uuid, [ReplaceRRset("TXT", "@", ["text"], DAY + 1)])
    assert refused.value.field == "changes.0.ttl"
    file = f"$TTL 300\na A 192.0.2.1\nb {DAY + 1} A 192.0.2.1\n"
    with pytest.raises((RuleBroken, LinesRefused)) as broken:
        editor.import_zone_file(owner, zone.uuid, file)
    assert broken.value.field == "line.3"
    with pytest.raises(InvalidValue) as invalid:
        editor.change_zone(owner, zone.uuid, {"default_ttl": DAY + 1})
    assert invalid.value.field == "default_ttl"
    assert editor.create_record(owner, zone.uuid, replace(high, ttl=DAY)).record.ttl == DAY


def test_the_first_high_ttl_is_named_when_dnssec_is_turned_on(workspace: Workspace) -> None:
    zone, owner = workspace.zone(), workspace.owner
    workspace.add(zone, "A", "www", "192.0.2.1", DAY + 1)
    for settings, text, field in (
        ({"dnssec": True}, "the TTL of www A is 86401", "dnssec"),
        ({"dnssec": True, "default_ttl": DAY + 1}, "default_ttl of a signed zone must be", "default_ttl"),
    ):
        with pytest.raises(InvalidValue, match=text) as refused:
            workspace.editor.change_zone(owner, zone.uuid, settings)
        assert refused.value.field == field
    workspace.editor.change_zone(owner, zone.uuid, {"default_ttl": DAY + 1})
    with pytest.raises(InvalidValue, match="its default_ttl is 86401"):
        workspace.editor.change_zone(owner, zone.uuid, {"dnssec": True})
    workspace.editor.change_many(owner, zone.uuid, [ReplaceRRset("A", "www", ["192.0.2.1"], DAY)])
    changed = workspace.editor.change_zone(owner, zone.uuid, {"dnssec": True, "default_ttl": 300, "comment": "signed"})
    assert (changed.signed, changed.default_ttl, changed.comment) == (True, 300, "signed")


def test_a_zone_whose_ds_may_be_at_the_parent_is_deleted_with_a_confirmation(workspace: Workspace) -> None:
    zone, editor, owner = created(workspace), workspace.editor, workspace.owner
    secured(workspace, zone)
    assert state(workspace, zone) is SigningState.SECURED
    with pytest.raises(ConfirmationRequired, match=r"^example\.com is signed: .* ds=withdrawn"):
        editor.delete_zone(owner, zone.uuid)
    editor.change_zone(owner, zone.uuid, {"dnssec": False})
    with pytest.raises(ConfirmationRequired):
        editor.delete_zone(owner, zone.uuid)
    assert editor.delete_zone(owner, zone.uuid, ds_withdrawn=True).deleted_at
    child = created(workspace, "dev.example.net")
    workspace.zone("example.net")
    secured(workspace, child)
    assert editor.delete_zone(owner, child.uuid).deleted_at, "the DS in the zone above is the appliance's"
    assert editor.delete_zone(owner, created(workspace, "new.example").uuid).deleted_at, "it never had a DS"
    again = created(workspace, "again.example")
    with workspace.store.writing():
        store_signing(again, signed(replace(READY, created_at=AT - timedelta(days=9))))
    assert state(workspace, again) is SigningState.DS_WAIT
    with pytest.raises(ConfirmationRequired):
        editor.delete_zone(owner, again.uuid)


def test_a_zone_comes_back_signed_after_all_serials_that_were_served(workspace: Workspace) -> None:
    zone = created(workspace)
    secured(workspace, zone)
    with workspace.store.writing():
        signing.store_signed_serial(zone.uuid, zone.serial + 1000)
    workspace.editor.delete_zone(workspace.owner, zone.uuid, ds_withdrawn=True)
    assert signing.due(workspace.clock(), 10) == []
    newer = workspace.zone()
    assert is_later(newer.serial, zone.serial + 1000)
    workspace.editor.delete_zone(workspace.owner, newer.uuid)
    restored = workspace.editor.undelete_zone(workspace.owner, zone.uuid)
    assert is_later(restored.serial, newer.serial) and restored.signed and restored.dnssec
    known = signing.get(restored)
    assert known and known.parent is None and [one.tag for one in known.keys] == [READY.tag], "with the same keys"
    assert state(workspace, restored) is SigningState.SIGNING
    assert signing.due(workspace.clock(), 10) == [zone.uuid]


def test_a_zone_that_was_turned_off_comes_back_signed_until_its_ds_is_gone(workspace: Workspace) -> None:
    zone, owner = created(workspace), workspace.owner
    secured(workspace, zone)
    workspace.editor.change_zone(owner, zone.uuid, {"dnssec": False})
    workspace.editor.delete_zone(owner, zone.uuid, ds_withdrawn=True)
    restored = workspace.editor.undelete_zone(owner, zone.uuid)
    assert restored.signed and not restored.dnssec and state(workspace, restored) is SigningState.DS_REMOVE
    workspace.editor.confirm_ds(owner, zone.uuid, DsReport.WITHDRAWN)
    assert state(workspace, restored) is SigningState.DS_EXPIRING


def test_a_zone_comes_back_with_the_time_for_which_caches_hold_its_ds(workspace: Workspace) -> None:
    zone, owner = created(workspace), workspace.owner
    secured(workspace, zone)
    with workspace.store.writing():
        signing.store_findings(zone.uuid, ParentFindings(at_parent(zone.name), None, None, 2 * DAY))
    workspace.editor.delete_zone(owner, zone.uuid, ds_withdrawn=True)
    workspace.editor.undelete_zone(owner, zone.uuid)
    workspace.editor.change_zone(owner, zone.uuid, {"dnssec": False})
    workspace.editor.confirm_ds(owner, zone.uuid, DsReport.WITHDRAWN)
    known = signing.get(zones.get_any(zone.uuid))
    assert known and known.unsigned_from == workspace.clock() + timedelta(days=2)


@pytest.mark.parametrize(
    ("longest", "longer"),
    [
        (f"{'a' * 57}.{'b' * 62}.example", f"{'a' * 58}.{'b' * 62}.example"),
        (f"0/25.{'a' * 50}.{'b' * 57}.in-addr.arpa", f"0/25.{'a' * 50}.{'b' * 58}.in-addr.arpa"),
    ],
    ids=["letters", "slash"],
)
def test_a_zone_with_too_long_a_name_for_its_key_files_is_not_signed(
    workspace: Workspace, longest: str, longer: str
) -> None:
    assert created(workspace, longest).signed
    with pytest.raises(InvalidValue, match="has 129 characters, and at most 128 are possible") as refused:
        created(workspace, longer)
    assert refused.value.field == "dnssec"
    zone = workspace.zone(longer)
    with pytest.raises(InvalidValue, match=f"^{longer} cannot be signed"):
        workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
