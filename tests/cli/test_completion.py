"""`completion`: the script of each shell, and what it is offered."""

from __future__ import annotations

import pytest
from click.shell_completion import ShellComplete

from appliance.cli import program
from tests.cli.conftest import State


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(state: State, shell: str) -> None:
    assert "_DNS_APPLIANCE_COMPLETE" in state.run("completion", shell).stdout


def test_commands_and_options_are_completed() -> None:
    def offered(typed: str) -> list[str]:
        *words, last = typed.split(" ")
        completer = ShellComplete(program, {}, "dns-appliance", "_DNS_APPLIANCE_COMPLETE")
        return [item.value for item in completer.get_completions(words, last)]

    assert offered("rec") == ["record"]
    assert offered("record ch") == ["change"]
    assert offered("record add --t") == ["--ttl", "--token-file"]
