"""Clients that query continuously and record failures."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import dns.exception
import dns.rcode
import requests

from tests.appliance import Client
from tests.cluster.cluster import query
from tests.cluster.host import Host

PAUSE = 0.02
WRITE_PAUSE = 0.2
"""Seconds."""


class QueryLoop:
    """Query while the block runs: number of queries `sent`, failures, and the longest time without an answer."""

    def __init__(self, query: Callable[[], str | None], pause: float = PAUSE) -> None:
        self.sent = 0
        self.failures: list[str] = []
        self.longest_gap = 0.0
        self._query = query
        self._pause = pause
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
        while not self._stop.wait(self._pause):
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


def record_writes(api: Client, zone: Mapping[str, Any], stored: list[str]) -> QueryLoop:
    """Create records in a zone, and append the name of each one that was stored to `stored`."""
    names = (f"write-{number}" for number in itertools.count())

    def failure() -> str | None:
        try:
            stored.append(api.record(zone, "A", next(names), "192.0.2.3")["name"])
        except (requests.RequestException, AssertionError) as error:
            return str(error)
        return None

    return QueryLoop(failure, WRITE_PAUSE)
