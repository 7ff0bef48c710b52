"""Where the appliance is: after the command, before it, or in the environment; and confirmations on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.store import accounts, zones
from appliance.zones.names import parse_domain
from tests.cli.conftest import State

LIST = ("account", "list")


def test_the_state_folder_may_stand_anywhere(state: State) -> None:
    folder, config = str(state.folder), str(state.folder / "config.toml")
    for found in (
        state.run(*LIST, "--state", folder),
        state.run("--state", folder, *LIST),
        state.run(*LIST, DNS_APPLIANCE_STATE=folder),
        state.run(*LIST, "--config", config),
        state.run("--config", config, *LIST),
        state.run(*LIST, DNS_APPLIANCE_CONFIG=config),
    ):
        assert found.exit_code == 0, found.output
        assert "owner@example.org" in found.output


def test_an_option_overrides_the_environment(state: State, tmp_path: Path) -> None:
    folder, config, wrong = str(state.folder), str(state.folder / "config.toml"), str(tmp_path / "wrong")
    for found in (
        state.run(*LIST, "--state", folder, DNS_APPLIANCE_STATE=wrong),
        state.run("--state", folder, *LIST, DNS_APPLIANCE_CONFIG=wrong),
        state.run("--state", wrong, *LIST, "--config", config),
        state.run(*LIST, DNS_APPLIANCE_STATE=folder, DNS_APPLIANCE_CONFIG=""),
    ):
        assert found.exit_code == 0, found.output


def test_both_at_one_place_are_refused(state: State) -> None:
    folder, config = str(state.folder), str(state.folder / "config.toml")
    for found in (
        state.run(*LIST, "--state", folder, "--config", config),
        state.run("--state", folder, "--config", config, *LIST),
        state.run(*LIST, DNS_APPLIANCE_STATE=folder, DNS_APPLIANCE_CONFIG=config),
    ):
        assert found.exit_code == 2
        assert "cannot be used together" in found.output


def test_variables_of_clients_are_no_settings(state: State) -> None:
    clients = {"DNS_APPLIANCE_URL": "http://127.0.0.1:8053", "DNS_APPLIANCE_TOKEN": "vps_"}
    assert state.run(*LIST, DNS_APPLIANCE_STATE=str(state.folder), **clients).exit_code == 0


@pytest.mark.parametrize(("typed", "status"), [("example.com", 0), ("yes", 1), ("", 1)])
def test_a_zone_is_deleted_once_its_domain_is_typed(state: State, typed: str, status: int) -> None:
    state.workspace.zone()
    found, output = state.run_on_a_terminal("zone", "delete", "Example.com.", typed=typed)
    assert "Type example.com to confirm" in output
    assert found == status
    assert (zones.get_by_name(parse_domain("example.com")) is None) is (status == 0)


def test_scripts_are_not_asked(state: State) -> None:
    state.workspace.zone("first.example")
    state.workspace.zone("second.example")
    assert state.run_here("zone", "delete", "first.example").exit_code == 0
    status, output = state.run_on_a_terminal("zone", "delete", "second.example", "--yes", typed="")
    assert status == 0
    assert "zone second.example deleted" in output


def test_an_account_is_disabled_once_its_email_is_typed(state: State) -> None:
    for typed, status in (("no", 1), ("stranger@example.org", 0)):
        found, _ = state.run_on_a_terminal("account", "disable", "stranger@example.org", typed=typed)
        assert found == status
        account = accounts.find_account("stranger@example.org")
        assert (account.disabled_at is not None) is (status == 0)
