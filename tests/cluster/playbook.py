"""Run the playbook as an operator does, and read its output. This module must not know what the roles do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.network import DIES_WITH_PARENT

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent / "ansible-playbook"
SITE = "ansible/site.yml"
INVENTORY = "ansible/inventory/cluster"
PLAY_SECONDS = 1800.0
"""A limit for plays that hang; on a quiet machine one takes less than a minute."""


@dataclass(frozen=True, slots=True)
class PlayResult:
    """A run of the playbook: exit status, output, and counts per host."""

    status: int
    output: str

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """For each host, the number of tasks that were ok, changed, unreachable, failed and so on."""
        _, _, lines = self.output.rpartition("PLAY RECAP")
        found = re.findall(r"^(\S+)\s+: (ok=.*)$", lines, re.MULTILINE)
        return {host: {key: int(n) for key, n in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in found}

    @property
    def changed(self) -> dict[str, int]:
        """For each host, the number of tasks that changed something."""
        return {host: counts["changed"] for host, counts in self.recap.items()}


class Playbook:
    """The playbook for the hosts of a lab; `folder` is the lab's, with its ssh key."""

    def __init__(self, folder: Path, inventory: str = INVENTORY) -> None:
        self._folder = folder
        self._inventory = inventory

    def play(self, *options: str, file: str = SITE) -> PlayResult:
        """Run the playbook, or another file of it; fail unless it succeeds."""
        played = self.try_to_play(*options, file=file)
        assert played.status == 0, played.output
        return played

    def try_to_play(self, *options: str, file: str = SITE) -> PlayResult:
        """Run the playbook, whatever its result."""
        with self._running(options, file) as process:
            output, _ = process.communicate(timeout=PLAY_SECONDS)
        return PlayResult(process.returncode, output)

    def play_until(self, task: str, *options: str) -> None:
        """Start the playbook, and kill it when it prints the name of that task."""
        with self._running(options) as process:
            assert process.stdout is not None
            assert any(task in line for line in process.stdout), f"the playbook ended before the task {task}"

    @contextmanager
    def _running(self, options: Sequence[str], file: str = SITE) -> Iterator[subprocess.Popen[str]]:
        """Run the playbook in the block; kill all its processes at the end."""
        with subprocess.Popen(
            (*DIES_WITH_PARENT, str(PROGRAM), "--inventory", self._inventory, *options, file),
            cwd=ROOT,
            env={**os.environ, **environment(self._folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)


def environment(folder: Path) -> Mapping[str, str]:
    """Return environment variables of ansible for a lab: user, ssh key, and no check of host keys."""
    return {
        "ANSIBLE_CONFIG": str(ROOT / "ansible" / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PRIVATE_KEY_FILE": str(folder / "id_ed25519"),
        "ANSIBLE_REMOTE_USER": "admin",
        "ANSIBLE_SSH_ARGS": "-F none -o ControlMaster=auto -o ControlPersist=10s -o UserKnownHostsFile=/dev/null",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "ssh"),
        "LC_ALL": "C.UTF-8",  # ansible requires UTF-8
    }
