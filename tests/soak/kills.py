"""Kill processes of an appliance with SIGKILL: one of its children, one of its server processes, or all at once."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.appliance import Appliance
from tests.pair import wait_for
from tests.soak.watchers import Watcher

API, DEPLOYER, NS1, NS2 = "appliance serve", "appliance deployer", "ns1/named.conf", "ns2/named.conf"
SERVER = "server process"
HOST = "the whole host"
TARGETS = (API, SERVER, DEPLOYER, NS1, NS2)
HOST_ONE_IN = 9
"""One in this many kills hits all processes at once."""


class Kills:
    """Kills of an appliance: their number by target, and when one that the API does not survive began or ended.

    That is in seconds of `time.monotonic`.
    """

    def __init__(self, appliance: Appliance, watchers: Sequence[Watcher], random: Random) -> None:
        self.counts: Counter[str] = Counter()
        self.last_of_api = 0.0
        self._appliance, self._watchers, self._random = appliance, watchers, random

    @property
    def text(self) -> str:
        """Return the numbers for people."""
        return ", ".join(f"{name.split('/')[0].removeprefix('appliance ')} {n}" for name, n in self.counts.items())

    def kill(self) -> None:
        """Kill a random target, and wait until it is gone, or until the appliance is ready again."""
        target = self._random.choice(TARGETS) if self._random.randrange(HOST_ONE_IN) else HOST
        self._note(target)
        if target == HOST:
            self._kill_host()
        else:
            self._kill(target)
        self._note(target)

    def _note(self, target: str) -> None:
        if target in (API, HOST):
            self.last_of_api = time.monotonic()

    def _kill(self, target: str) -> None:
        """Kill a child of the appliance or of its API, if it is running."""
        pid = self._appliance.child(API if target == SERVER else target)
        if pid is not None and target == SERVER:
            pid = min(_children(pid), default=None)
        if pid is None:
            return
        with _restarting([one for one in self._watchers if target.startswith(one.server.name)]):
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: _is_gone(pid), f"process {pid} has ended")
        self.counts[target] += 1

    def _kill_host(self) -> None:
        """Kill all processes at once, as in a power failure, and start the appliance again."""
        assert self._appliance.process
        with _restarting(self._watchers):
            self._appliance.process.send_signal(signal.SIGSTOP)  # so that it restarts nothing meanwhile
            pids = list(self._appliance.running_processes())
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            self._appliance.stop(signal.SIGKILL)
            wait_for(lambda: all(map(_is_gone, pids)), "all processes have ended")
        self._appliance.start()
        self.counts[HOST] += 1


def _children(pid: int) -> list[int]:
    """Return the ids of the child processes."""
    try:
        return [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]
    except OSError:
        return []


def _is_gone(pid: int) -> bool:
    """Return True if the process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@contextmanager
def _restarting(watchers: Iterable[Watcher]) -> Iterator[None]:
    """Mark, around the block, that the nameservers of these watchers restart."""
    for watcher in watchers:
        watcher.restarts += 1
    yield
    for watcher in watchers:
        watcher.restarts += 1
