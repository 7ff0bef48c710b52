"""Which appliance a command works on: this host's or a remote one."""

from __future__ import annotations

import pytest

from tests.cli.conftest import State
from tests.pair import free_port

LIST = ("zone", "list")


def test_a_remote_appliance_is_named_before_or_after_the_command_or_in_the_environment(state: State) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    token = {"DNS_APPLIANCE_TOKEN": "vps_x"}
    for found in (
        state.run(*LIST, "--url", url, **token),
        state.run("--url", url, *LIST, **token),
        state.run(*LIST, DNS_APPLIANCE_URL=url, **token),
        state.run(*LIST, "--url", url, DNS_APPLIANCE_STATE=str(state.folder), **token),
    ):
        assert f"{url}/api/v1 cannot be reached" in str(found.exception), found.output


def test_an_option_of_this_host_overrides_the_environment(state: State) -> None:
    assert state.run_here(*LIST).exit_code == 0
    found = state.run(*LIST, "--state", str(state.folder), DNS_APPLIANCE_URL="http://127.0.0.1:1")
    assert found.exit_code == 0, found.output


@pytest.mark.parametrize(
    ("words", "variables", "text"),
    [
        ((*LIST, "--url", "http://127.0.0.1:1", "--state", "x"), {}, "--url cannot be used together with"),
        (LIST, {"DNS_APPLIANCE_URL": "http://127.0.0.1:1", "DNS_APPLIANCE_STATE": "x"}, "DNS_APPLIANCE_URL cannot be"),
        ((*LIST, "--ca-file", "x"), {}, "belong to --url"),
        (("--url", "http://127.0.0.1:1", "account", "list"), {}, "this command works on this host"),
        ((*LIST, "--url", "http://127.0.0.1:1", "--account", "x@example.org"), {}, "the token says which account"),
        (("zone", "create", "example.com"), {}, "--account is required"),
    ],
)
def test_contradictions_are_wrong_usage(
    state: State, words: tuple[str, ...], variables: dict[str, str], text: str
) -> None:
    found = state.run(*words, **variables)
    assert (found.exit_code, text in found.output) == (2, True), found.output


def test_a_list_is_limited_to_an_account(state: State) -> None:
    state.workspace.zone("mine.example")
    state.workspace.editor.create_zone(state.workspace.stranger, "theirs.example")
    assert state.run_here(*LIST).stdout.count(".example") == 2
    mine = state.run_here(*LIST, "--account", "owner@example.org").stdout
    assert "mine.example" in mine and "theirs.example" not in mine
