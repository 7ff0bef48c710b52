"""Clients that query continuously and record failures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

import dns.exception
import dns.rcode
import requests

from tests.cluster.cluster import query
from tests.cluster.host import Host

PAUSE = 0.02


class QueryLoop:
    """Query while the block runs: number of queries `sent`, failures, and the longest time without an answer."""

    def __init__(self, query: Callable[[], str | None]) -> None:
        self.sent = 0
        self.failures: list[str] = []
        self.longest_gap = 0.0
        self._query = query
        self._last = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> QueryLoop:
        self._last = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.longest_gap = max(self.longest_gap, time.monotonic() - self._last)  # a gap that has not ended

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            self.sent += 1
            failure = self._query()
            now = time.monotonic()
            if failure is None:
                self.longest_gap, self._last = max(self.longest_gap, now - self._last), now
            else:
                self.failures.append(f"{failure} after {now - self._last:.3f} s")


def dns_queries(host: Host, name: str) -> QueryLoop:
    """Query a host for the A record of a name that has one."""

    def failure() -> str | None:
        try:
            reply = query(host, name, "A")
        except (dns.exception.DNSException, OSError) as error:
            return type(error).__name__
        return None if reply.answer else dns.rcode.to_text(reply.rcode())

    return QueryLoop(failure)


def http_requests(url: str) -> QueryLoop:
    """Request an existing page."""

    def failure() -> str | None:
        with requests.Session() as session:
            session.trust_env = False
            try:
                status = session.get(url, timeout=5).status_code
            except requests.RequestException as error:
                return type(error).__name__
        return None if status == 200 else str(status)

    return QueryLoop(failure)
