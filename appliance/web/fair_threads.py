"""The threads of the HTTP server, shared fairly: no account holds more than its share of them at a time.

A request over the share of its client waits in a queue, where it needs no thread. Before its credential is checked, its
client is known by that credential, if it was accepted before, else by its address. The module knows waitress, and
nothing of Flask.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from waitress.task import ThreadedTaskDispatcher

from appliance.web import password_slots
from appliance.web.idle_threads import IdleThreads

MAX_KNOWN = 20_000
"""Credentials whose account is kept in memory; the least recently accepted is dropped first."""
WAITING_THREADS = 32
"""Threads for requests that wait for a deployment, besides those of `api.threads`, of all processes together."""


class Service(Protocol):
    """A connection with a request, as waitress queues it."""

    def service(self) -> None:
        """Answer the request."""

    def cancel(self) -> None:
        """Close the connection instead."""


class KnownClients:
    """The account of each credential that was accepted; of the credential only a digest is kept. Thread-safe."""

    def __init__(self, most: int = MAX_KNOWN) -> None:
        self._most = most
        self._accounts: OrderedDict[bytes, UUID] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of known credentials."""
        return len(self._accounts)

    def learn(self, credential: str, account: UUID) -> None:
        """Remember the account of an accepted credential."""
        digest = _digest(credential)
        with self._lock:
            self._accounts[digest] = account
            self._accounts.move_to_end(digest)
            if len(self._accounts) > self._most:
                self._accounts.popitem(last=False)

    def account_of(self, credentials: Iterable[str]) -> UUID | None:
        """Return the account of the first of the credentials that is known, or None if none is."""
        return next((found for one in credentials if (found := self._accounts.get(_digest(one)))), None)


class FairQueue:
    """Requests that wait for a thread, by client; clients take turns, each with at most `share` requests at a time."""

    def __init__(self, share: int) -> None:
        self._share = share
        self._waiting: dict[Hashable, deque[Turn]] = {}
        self._running: Counter[Hashable] = Counter()
        self._ready: OrderedDict[Hashable, None] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of clients of which a request may start now."""
        return len(self._ready)

    def append(self, turn: Turn) -> None:
        """Add a request."""
        self._waiting.setdefault(turn.client, deque()).append(turn)
        self._update(turn.client)

    def popleft(self) -> Turn:
        """Remove a request that may start, and count it as running."""
        client, _ = self._ready.popitem(last=False)
        turn = self._waiting[client].popleft()
        if not self._waiting[client]:
            del self._waiting[client]
        self.resume(client)
        return turn

    def drain(self) -> list[Turn]:
        """Remove and return all waiting requests, also those over the share of their client."""
        turns = [turn for waiting in self._waiting.values() for turn in waiting]
        self._waiting.clear()
        self._ready.clear()
        return turns

    def resume(self, client: Hashable) -> None:
        """Count a request of the client as running."""
        self._running[client] += 1
        self._update(client)

    def release(self, client: Hashable) -> None:
        """Count a request of the client as not running."""
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
        self._update(client)

    def _update(self, client: Hashable) -> None:
        if client in self._waiting and self._running[client] < self._share:
            self._ready.setdefault(client)
        else:
            self._ready.pop(client, None)


@dataclass(frozen=True, slots=True)
class Turn:
    """A request of a client, in the queue of a dispatcher or in one of its threads."""

    dispatcher: FairDispatcher
    client: Hashable
    connection: Service

    def service(self) -> None:
        """Answer the request."""
        with self.dispatcher.running(self.client):
            self.connection.service()

    def cancel(self) -> None:
        """Close the connection instead."""
        self.connection.cancel()


class FairDispatcher(ThreadedTaskDispatcher):
    """The threads of waitress, of which a client holds at most `share`; `client_of` names the client of a request."""

    def __init__(self, share: int, client_of: Callable[[Any], Hashable]) -> None:
        super().__init__()
        self._fair = FairQueue(share)
        self.queue = self._fair  # type: ignore[assignment] # waitress uses what both have
        self.queue_cv = IdleThreads(self.lock)  # type: ignore[assignment] # likewise
        self._client_of = client_of
        self._thread = threading.local()

    def add_task(self, task: Service) -> None:  # type: ignore[override] # waitress queues connections
        """Queue a request."""
        super().add_task(Turn(self, self._client_of(task), task))  # type: ignore[arg-type]

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        """End the threads and close the connections of all waiting requests; return whether these were closed."""
        super().shutdown(cancel_pending=False, timeout=timeout)
        if cancel_pending:
            with self.lock:
                waiting = self._fair.drain()
            for turn in waiting:
                turn.cancel()
        return cancel_pending

    @contextmanager
    def running(self, client: Hashable) -> Iterator[None]:
        """Run a request, which the queue has counted, in this thread."""
        self._thread.client = client
        try:
            yield
        finally:
            self._thread.client = None
            self._release(client)

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Wait in the block: the request of this thread does not count in its client's share meanwhile."""
        client = getattr(self._thread, "client", None)
        if client is None:  # not a thread of the server
            yield
            return
        self._release(client)
        try:
            yield
        finally:
            with self.lock:
                self._fair.resume(client)

    def _release(self, client: Hashable) -> None:
        with self.lock:
            self._fair.release(client)
            if self._fair:
                self.queue_cv.notify()


def share_of(threads: int) -> int:
    """Return how many of so many threads one client may hold: a quarter, but at least two."""
    return max(2, threads // 4)


def divided(number: int, processes: int) -> int:
    """Return what each of so many processes has of a number, rounded up."""
    return -(-number // processes)


def thread_count(threads: int, processes: int) -> int:
    """Return the threads of each process if all together have so many for requests."""
    return max(2, divided(threads, processes)) + password_slots.THREADS + divided(WAITING_THREADS, processes)


def _digest(credential: str) -> bytes:
    return hashlib.blake2b(credential.encode(errors="surrogatepass"), digest_size=16).digest()
