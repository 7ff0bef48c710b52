"""Somebody who asks without pause, and counts what goes unanswered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

import requests

from tests.cluster.cluster import answer
from tests.cluster.host import Host

PAUSE = 0.005


class Questions:
    """Asks for as long as the block runs; `asked`, `lost`, and the longest time from one answer to the next."""

    def __init__(self, is_answered: Callable[[], bool]) -> None:
        self.asked = 0
        self.lost = 0
        self.longest_gap = 0.0
        self._is_answered = is_answered
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Questions:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _ask(self) -> None:
        last = time.monotonic()
        while not self._end.wait(PAUSE):
            self.asked += 1
            if self._is_answered():
                now = time.monotonic()
                self.longest_gap, last = max(self.longest_gap, now - last), now
            else:
                self.lost += 1


def of_dns(host: Host, name: str, value: str) -> Questions:
    """Asks a host for an address, again and again."""
    return Questions(lambda: answer(host, name, "A") == {value})


def of_http(url: str) -> Questions:
    """Asks for a page that answers 200."""

    def is_answered() -> bool:
        with suppress(requests.RequestException), requests.Session() as session:
            session.trust_env = False
            return session.get(url, timeout=5).ok
        return False

    return Questions(is_answered)
