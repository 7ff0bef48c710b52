"""The process that compares whole zones, and its parent's side: it takes processor time that the loop must not lack.

It ends with the deployer: it reads requests from a socket that the parent alone has, and ends when that is closed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from multiprocessing.connection import Connection, Pipe

from appliance.deploy.verification.whole_zone import StoredContent, ToCompare, ZoneComparison, compare_zones
from appliance.errors import CommandFailed, CommandTimeout, StoreError
from appliance.processes import log_to_stderr
from appliance.store.file.database import Store

TIMEOUT = 600.0
"""Seconds after which a request without an answer is given up, and the process killed."""
NICENESS = 10

_ARGV = ("compare",)


class ComparingProcess:
    """Starts the process with the first request, and again after it ended. One request is answered at a time."""

    def __init__(self, source: StoredContent, timeout: float = TIMEOUT) -> None:
        self._source, self._timeout = source, timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: Connection | None = None
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """Return the id of the process, None while there is none."""
        process = self._process
        return process.pid if process else None

    def compare(self, compared: Sequence[ToCompare]) -> list[ZoneComparison]:
        """Return the verdicts on these zones; raise CommandError if the process gives none. Runs in a worker."""
        requests = self._start()
        try:
            requests.send(compared)
            if not requests.poll(self._timeout):
                raise CommandTimeout(_ARGV, f"no verdict within {self._timeout:g} s")
            answer: list[ZoneComparison] | str = requests.recv()
        except (EOFError, OSError) as failed:
            self._stop()
            raise CommandFailed(_ARGV, f"the process ended: {failed}") from failed
        except CommandTimeout:
            self._stop()
            raise
        if isinstance(answer, str):
            raise StoreError(answer)
        return answer

    def close(self) -> None:
        """Kill the process; a request that waits for its answer fails, and so do later ones."""
        with self._lock:
            self._is_closed = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def _start(self) -> Connection:
        with self._lock:
            if self._is_closed:
                raise CommandFailed(_ARGV, "the deployer ends")
            if self._process is None or self._requests is None:
                ours, theirs = Pipe()
                with closing(theirs):
                    argv = (sys.executable, "-m", __name__, str(theirs.fileno()))
                    self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
                self._requests = ours
                ours.send(self._source)
            return self._requests

    def _stop(self) -> None:
        with self._lock:
            process, self._process, requests, self._requests = self._process, None, self._requests, None
        if process is not None:
            process.kill()
            process.wait()
        if requests is not None:
            requests.close()


def main(descriptor: int) -> None:
    """Answer the requests of the parent until it ends."""
    log_to_stderr()
    with suppress(OSError):  # not every service manager permits it
        os.nice(NICENESS)
    with closing(Connection(descriptor)) as requests:
        source: StoredContent = requests.recv()
        store = Store(source.store, durable=False)
        store.keep()
        while True:
            try:
                requests.send(_answer(requests.recv(), source, store))
            except (EOFError, OSError):
                return


def _answer(compared: Sequence[ToCompare], source: StoredContent, store: Store) -> list[ZoneComparison] | str:
    try:
        with store.connection():
            return list(compare_zones(compared, source, store))
    except StoreError as failed:
        return str(failed)


if __name__ == "__main__":
    main(int(sys.argv[1]))
