"""A state folder with a store, and the program run on it in this process, or on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.cli import program
from tests.workspace import Workspace, open_workspace

SETTINGS = """
[store]
path = "{store}"
[dns]
nameservers = ["ns1.appliance.test=127.0.0.1:5301", "ns2.appliance.test=127.0.0.1:5302"]
catalog = "catalog.appliance.test"
[deployer]
socket = "{folder}/deployer.sock"
"""


@dataclass
class State:
    """A state folder, and the workspace on its store."""

    folder: Path
    workspace: Workspace

    def run(self, *words: str, **environment: str) -> Result:
        """Run the program with exactly these words; its standard input is no terminal."""
        return CliRunner().invoke(program, words, env=environment)

    def run_here(self, *words: str) -> Result:
        """Run the program on this state folder."""
        return self.run(*words, "--state", str(self.folder))

    def run_on_a_terminal(self, *words: str, typed: str = "", **environment: str) -> tuple[int, str]:
        """Return exit status and output of the program on a terminal, on which somebody types."""
        ours, theirs = pty.openpty()
        argv = (sys.executable, "-m", "appliance", *words, "--state", str(self.folder))
        variables = os.environ | environment
        with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=variables) as process:
            os.close(theirs)
            os.write(ours, f"{typed}\n".encode())
            output = b"".join(_read(ours))
        os.close(ours)
        return process.returncode, output.decode()


def _read(terminal: int) -> Iterator[bytes]:
    with suppress(OSError):  # the program has ended
        while part := os.read(terminal, 1024):
            yield part


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """A state folder with two accounts and no zone."""
    folder = tmp_path / "state"
    (folder / "store").mkdir(parents=True)
    with open_workspace(folder / "store") as workspace:
        (folder / "config.toml").write_text(SETTINGS.format(store=workspace.store.path, folder=folder))
        yield State(folder, workspace)
