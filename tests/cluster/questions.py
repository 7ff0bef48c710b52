"""Somebody who asks without pause, and counts what goes unanswered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

import dns.exception
import dns.rcode
import requests

from tests.cluster.cluster import ask
from tests.cluster.host import Host

PAUSE = 0.02


class Questions:
    """Asks for as long as the block runs; `asked`, what came in place of answers, and the longest time without one."""

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self.asked = 0
        self.lost: list[str] = []
        self.longest_gap = 0.0
        self._ask = ask
        self._last = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask_on)

    def __enter__(self) -> Questions:
        self._last = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        self.longest_gap = max(self.longest_gap, time.monotonic() - self._last)  # one may still be open

    def _ask_on(self) -> None:
        while not self._end.wait(PAUSE):
            self.asked += 1
            wrong = self._ask()
            now = time.monotonic()
            if wrong is None:
                self.longest_gap, self._last = max(self.longest_gap, now - self._last), now
            else:
                self.lost.append(f"{wrong} after {now - self._last:.3f} s")


def of_dns(host: Host, name: str) -> Questions:
    """Asks a host for the address of that name, which has one."""

    def wrong() -> str | None:
        try:
            reply = ask(host, name, "A")
        except (dns.exception.DNSException, OSError) as error:
            return type(error).__name__
        return None if reply.answer else dns.rcode.to_text(reply.rcode())

    return Questions(wrong)


def of_http(url: str) -> Questions:
    """Asks for a page that is there."""

    def wrong() -> str | None:
        with requests.Session() as session:
            session.trust_env = False
            try:
                status = session.get(url, timeout=5).status_code
            except requests.RequestException as error:
                return type(error).__name__
        return None if status == 200 else str(status)

    return Questions(wrong)
