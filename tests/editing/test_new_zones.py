"""A zone with its first records: stored only if what the evaluation found is still so."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from dns.name import Name

from appliance.editing import MAX_CHANGES, RecordInput, ZoneContent
from appliance.errors import InputError, InvalidName, QuotaReached, RuleBroken
from appliance.settings import QuotaSettings
from appliance.store import records, zones
from appliance.zones.model import Zone
from appliance.zones.rdata import ParsedRdata
from tests.editing.observing import observed
from tests.editing.test_transaction import in_thread
from tests.workspace import Workspace


def content(*names: str) -> ZoneContent:
    return ZoneContent([RecordInput("A", name, "192.0.2.1") for name in names])


def test_the_lock_is_held_for_few_statements(workspace: Workspace) -> None:
    with observed(workspace) as (editor, statements):
        zone = editor.create_zone(workspace.owner, "example.com", content(*(f"h{at}" for at in range(1000))))
        assert zones.get_any(zone.uuid).record_count == len(records.of_zone(zone)) == 1000
        assert len(statements.locked) <= 13
        assert sum("insert into record" in sql for sql in statements.locked) == 2


def test_a_zone_below_that_was_created_meanwhile_is_noticed(workspace: Workspace) -> None:
    editor, below = workspace.editor, ["dev.example.com"]

    def parse(record_type: str, value: str, priority: int | None, origin: Name) -> ParsedRdata:
        if below:
            in_thread(workspace, partial(editor.create_zone, workspace.owner, below.pop()))
        return editor.parse(record_type, value, priority, origin)

    with pytest.raises(RuleBroken) as refused:
        replace(editor, parse=parse).create_zone(workspace.owner, "example.com", content("www.dev"))
    assert refused.value.field == "records.0.name"


def test_the_quota_of_records_counts(workspace: Workspace) -> None:
    editor = replace(workspace.editor, quotas=QuotaSettings(records=1))
    with pytest.raises(QuotaReached):
        editor.create_zone(workspace.owner, "example.com", content("a", "b"))
    assert isinstance(editor.create_zone(workspace.owner, "example.com", content("a")), Zone)
    with pytest.raises(InvalidName):
        editor.create_zone(workspace.owner, "example.com", content("a"))


def test_a_dry_run_stores_nothing(workspace: Workspace) -> None:
    before = workspace.rows()
    with observed(workspace) as (editor, statements):
        planned = editor.create_zone(workspace.owner, "example.com", replace(content("a"), serial=5), dry_run=True)
        assert statements.locked == []
    assert workspace.rows() == before
    created = workspace.editor.create_zone(workspace.owner, "example.com", replace(content("a"), serial=5))
    assert (planned.serial, planned.record_count) == (created.serial, created.record_count)
    with pytest.raises(InvalidName, match="already exists"):
        workspace.editor.create_zone(workspace.owner, "example.com", content("a"), dry_run=True)


def test_a_dry_run_is_within_the_quota(workspace: Workspace) -> None:
    editor = replace(workspace.editor, quotas=QuotaSettings(zones=1))
    editor.create_zone(workspace.owner, "example.com")
    with pytest.raises(QuotaReached):
        editor.create_zone(workspace.owner, "example.net", dry_run=True)


def test_the_limit_of_one_request_is_not_that_of_a_file(workspace: Workspace) -> None:
    many = content(*(f"h{at}" for at in range(MAX_CHANGES + 1)))
    with pytest.raises(InputError, match="at most 10000"):
        workspace.editor.create_zone(workspace.owner, "example.com", many)
    zone = workspace.editor.create_zone(workspace.owner, "example.com", replace(many, max_records=None))
    assert zone.record_count == MAX_CHANGES + 1
