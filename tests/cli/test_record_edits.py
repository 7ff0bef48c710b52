"""`record add`, `change`, `delete` beyond a running appliance: colours, and a zone that changes meanwhile."""

from __future__ import annotations

import json

import click
import pytest

from appliance.cli.changes_call import WriteOptions
from appliance.cli.record_edits import ATTEMPTS, edit
from appliance.client import ApiClient, ApiRequest, ApiResponse
from appliance.errors import CallRefused
from tests.cli.conftest import State

RECORD = {"uuid": "6b1f4ad4-9a39-4f6b-8c5e-2f0f6f1c9f3a", "value": "192.0.2.1"}
DIFF = {"serial": 7, "applied": True, "added": [], "changed": [], "removed": [], "warnings": [], "change_id": None}
OPTIONS = WriteOptions()


class BusyZone:
    """A zone that somebody else changes during the first `changes` attempts to change it."""

    def __init__(self, changes: int) -> None:
        self.changes, self.conditions = changes, list[str]()

    def send(self, request: ApiRequest) -> ApiResponse:
        """Answer a call."""
        if request.method == "HEAD":
            return ApiResponse(200, {"ETag": f'"{self.changes}"'}, b"")
        if request.method == "GET":
            return ApiResponse(200, {}, json.dumps([RECORD]).encode())
        self.conditions.append(request.headers["If-Match"])
        if not self.changes:
            return ApiResponse(200, {}, json.dumps(DIFF).encode())
        self.changes -= 1
        return ApiResponse(412, {}, b'{"detail": "changed", "error_code": "precondition_failed", "field": null}')


def test_the_records_are_looked_up_again_if_their_zone_has_changed() -> None:
    zone = BusyZone(2)
    edit(ApiClient(zone), ("z.example", "www", "A"), lambda _: [], OPTIONS)
    assert zone.conditions == ['"2"', '"1"', '"0"']


def test_a_zone_that_never_rests_is_reported() -> None:
    zone = BusyZone(99)
    with pytest.raises(CallRefused, match="changed"):
        edit(ApiClient(zone), ("z.example", "www", "A"), lambda _: [], OPTIONS)
    assert len(zone.conditions) == ATTEMPTS


def test_records_of_several_zones_are_not_changed_at_once() -> None:
    class TwoZones(BusyZone):
        def send(self, request: ApiRequest) -> ApiResponse:
            return ApiResponse(200, {}, json.dumps({**RECORD, "zone": request.path}).encode())

    uuids = (RECORD["uuid"], RECORD["uuid"].replace("6", "7"))
    with pytest.raises(click.UsageError, match="in different zones"):
        edit(ApiClient(TwoZones(0)), uuids, lambda _: [], OPTIONS)


def test_several_records_are_deleted_by_uuid_or_value_and_never_more_than_named(state: State) -> None:
    zone = state.workspace.zone()
    uuids = [str(state.workspace.add(zone, "A", "www", f"192.0.2.{number}").uuid) for number in range(3)]
    assert state.run_here("record", "delete", *uuids, "--dry-run").stdout.count("- www") == 3
    both = state.run_here("record", "delete", "example.com", "www", "A", "192.0.2.0", "192.0.2.2", "--dry-run")
    assert both.stdout.count("- www") == 2
    for priority in (10, 20):
        state.workspace.add(zone, "MX", "@", "mail.example.org", priority=priority)
    refused = state.run_here("record", "delete", "example.com", "@", "MX", "mail.example.org")
    assert "2 records match" in str(refused.exception)


def test_a_diff_has_colours_on_a_terminal_unless_it_wants_none(state: State) -> None:
    state.workspace.add(state.workspace.zone(), "A", "www", "192.0.2.1")
    change = ("record", "change", "example.com", "www", "A", "--ttl", "60", "--dry-run")
    line = "~ www 3600 A 192.0.2.1: ttl 3600 -> 60"
    assert f"\x1b[33m{line}\x1b[0m" in state.run_on_a_terminal(*change)[1]
    assert f"\n{line}" in "\n" + state.run_on_a_terminal(*change, NO_COLOR="1")[1]


def test_expiry_and_comment_are_set_and_removed(state: State) -> None:
    state.workspace.zone()
    state.run_here("record", "add", "example.com", "www", "A", "192.0.2.1", "--expires", "2100-01-01T00:00:00Z")
    listed = state.run_here("record", "list", "example.com").stdout
    assert "EXPIRES AT" in listed and "COMMENT" not in listed and "2100-01-01T00:00:00Z" in listed
    state.run_here("record", "change", "example.com", "www", "A", "--expires", "never", "--comment", "stays")
    listed = state.run_here("record", "list", "example.com").stdout
    assert "EXPIRES AT" not in listed and "stays" in listed
    refused = state.run_here("record", "change", "example.com", "www", "A", "--expires", "soon")
    assert "expires_at" in str(refused.exception)


def test_a_stopped_deployer_is_not_waited_for_but_named(state: State) -> None:
    state.workspace.zone()
    added = state.run_here("record", "add", "example.com", "www", "A", "192.0.2.1")
    assert added.exit_code == 0
    assert "is stored; it is not live yet: the deployer has never run: start it" in added.stderr
