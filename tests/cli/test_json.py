"""What `--json` prints of zones has the names and shapes of the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance.app import create_app
from appliance.settings import read_settings
from appliance.store import accounts
from tests.cli.conftest import State


@pytest.fixture
def shown(state: State) -> Any:  # noqa: ANN401 - JSON
    """What the API shows of a zone with two records."""
    zone = state.workspace.zone("example.com")
    state.workspace.add(zone, "MX", "@", "mail.example.com", priority=10)
    state.workspace.add(zone, "TXT", "é".encode("idna").decode(), "té")
    _, secret = accounts.create_token(state.workspace.owner.account, "test", ("dns:*",), state.workspace.clock())
    app = create_app(read_settings(state.folder / "config.toml", {}))
    headers = {"Authorization": f"Bearer {secret}"}
    return app.test_client().get("/api/v1/dns-zones/example.com/", headers=headers).get_json()


def printed(state: State, *words: str, status: int = 0) -> Any:  # noqa: ANN401 - JSON
    found = state.run_here(*words, "--json")
    assert found.exit_code == status, found.output
    return json.loads(found.stdout)


def test_zones_are_shown_as_by_the_api(state: State, shown: dict[str, Any]) -> None:
    assert printed(state, "zone", "show", "example.com") == shown
    summary = {key: value for key, value in shown.items() if key not in ("records", "delegations")}
    assert printed(state, "zone", "list") == [summary]
    assert printed(state, "status", "example.com", status=1) == [summary]
    assert printed(state, "status", status=1) == [summary]


def test_a_nameserver_is_an_object_and_no_key(state: State, shown: dict[str, Any]) -> None:
    (zone,) = printed(state, "status", "example.com", status=1)
    assert set(zone) & {"ns1.appliance.test", "ns2.appliance.test"} == set()
    assert zone["deployment"] == shown["deployment"]


def test_tokens_are_shown_as_by_the_api(state: State) -> None:
    create = ("token", "create", "--account", "owner@example.org", "--name", "n", "--permission", "account:read")
    created = printed(state, *create, "--network", "192.0.2.0/24", "--network", "127.0.0.1", "--expires", "30d")
    app = create_app(read_settings(state.folder / "config.toml", {}))
    headers = {"Authorization": f"Bearer {created.pop('secret')}"}
    (by_api,) = app.test_client().get("/api/v1/account/tokens/", headers=headers).get_json()
    beyond_api: dict[str, object] = {"last_uses": {}, "account": "owner@example.org", "revoked_at": None}
    assert created == {**by_api, "last_used_at": None, **beyond_api}
    (listed,) = printed(state, "token", "list")
    assert listed["last_uses"] == {"api": listed["last_used_at"]}
    assert {**listed, "last_used_at": None, "last_uses": {}} == created


def test_a_created_zone_is_shown_as_by_the_api(state: State, shown: dict[str, Any]) -> None:
    created = printed(state, "zone", "create", "new.example", "--account", "owner@example.org")
    assert list(created) == list(shown)
    assert (created["domain"], created["records"]) == ("new.example", [])
