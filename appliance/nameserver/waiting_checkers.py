"""Checkers that are started ahead and wait for what they are to check: their start takes longer than most checks.

Each is used once. Another one is started in its place, but a moment later: first the nameservers load what was checked.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from appliance.errors import CommandError
from appliance.nameserver.programs import Started
from appliance.nameserver.version import Installed

log = logging.getLogger(__name__)

PAUSE = 0.05
"""Seconds from the use of a checker to the start of another in its place."""


@dataclass(frozen=True, slots=True)
class WaitingChecker:
    """A checker that was started and waits for its zones, and which one was installed then."""

    installed: Installed
    program: Started


class WaitingCheckers:
    """Starts `count` checkers ahead, in a thread of its own, while `running`.

    `installed` returns which checker is installed now; `start` starts it, with the options of its release. One that was
    replaced while it waited may be used once more; with the start of the next all such are ended.
    """

    def __init__(self, count: int, installed: Callable[[], Installed], start: Callable[[Installed], Started]) -> None:
        self._count = count
        self._installed = installed
        self._start = start
        self._waiting: deque[WaitingChecker] = deque()
        self._taken = threading.Event()
        self._ended = threading.Event()

    def take(self) -> Started:
        """Return the checker that waits longest, or one that is started now; raise CommandError if that fails."""
        self._taken.set()
        try:
            return self._waiting.popleft().program
        except IndexError:
            return self._start(self._installed())

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have checkers wait during the block; end those that are left at its end."""
        thread = threading.Thread(target=self._replace, name="checkers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._taken.set()
            thread.join()
            self._end(list(self._waiting))

    def _replace(self) -> None:
        while True:
            self._taken.clear()
            if self._ended.is_set():  # asked after that: the end sets both, and must not be overlooked
                return
            try:
                self._fill()
            except CommandError as failed:  # the next check starts one itself, and reports why that fails
                log.warning("event=checker-not-started reason=%r", str(failed))
            self._taken.wait()
            self._ended.wait(PAUSE)

    def _fill(self) -> None:
        installed = self._installed()
        self._end([one for one in list(self._waiting) if one.installed != installed])
        while len(self._waiting) < self._count and not self._ended.is_set():
            self._waiting.append(WaitingChecker(installed, self._start(installed)))

    def _end(self, checkers: list[WaitingChecker]) -> None:
        for checker in checkers:
            try:
                self._waiting.remove(checker)
            except ValueError:  # taken meanwhile
                continue
            checker.program.kill()
