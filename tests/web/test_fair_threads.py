"""Threads of the server: each client holds its share at most, and the others take turns."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from appliance.web.context import context_of
from appliance.web.fair_threads import FairDispatcher, FairQueue, KnownClients, Turn, share_of
from tests.api.conftest import open_application


@dataclass
class Connection:
    """A connection whose request is answered once the test allows it."""

    client: str
    pausing: FairDispatcher | None = None
    began: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)
    canceled: threading.Event = field(default_factory=threading.Event)

    def service(self) -> None:
        """Answer the request."""
        if self.pausing:
            with self.pausing.pausing():
                self._serve()
        else:
            self._serve()

    def cancel(self) -> None:
        """Note that it was called."""
        self.canceled.set()

    def _serve(self) -> None:
        self.began.set()
        self.may_end.wait()


@pytest.fixture
def dispatcher() -> Iterator[FairDispatcher]:
    """A dispatcher with four threads, of which a client may hold two."""
    opened = FairDispatcher(2, lambda connection: connection.client)
    opened.set_thread_count(4)
    yield opened
    opened.shutdown()


def test_a_client_over_its_share_waits_and_others_do_not(dispatcher: FairDispatcher) -> None:
    greedy = [Connection("greedy") for _ in range(5)]
    for connection in greedy:
        dispatcher.add_task(connection)
    other = Connection("other")
    dispatcher.add_task(other)
    assert other.began.wait(30) and greedy[0].began.wait(30) and greedy[1].began.wait(30)
    assert not any(connection.began.is_set() for connection in greedy[2:])
    greedy[1].may_end.set()
    assert greedy[2].began.wait(30)
    for connection in (*greedy, other):
        connection.may_end.set()
    assert greedy[4].began.wait(30)


def test_a_request_that_only_waits_does_not_count(dispatcher: FairDispatcher) -> None:
    waiting = [Connection("one", dispatcher) for _ in range(2)]
    served = [Connection("one") for _ in range(3)]
    for connection in (*waiting, *served):
        dispatcher.add_task(connection)
    assert all(connection.began.wait(30) for connection in (*waiting, *served[:2]))
    for connection in (*waiting, *served):
        connection.may_end.set()
    assert served[2].began.wait(30)


def test_clients_take_turns(dispatcher: FairDispatcher) -> None:
    queue = FairQueue(1)
    for client in "aaabbc":
        queue.append(Turn(dispatcher, client, Connection(client)))
    order = []
    while queue:
        turn = queue.popleft()
        order.append(turn.client)
        queue.release(turn.client)
    assert order == ["a", "b", "c", "a", "b", "a"]


def test_a_shutdown_cancels_every_waiting_request() -> None:
    dispatcher = FairDispatcher(2, lambda connection: connection.client)
    waiting = [Connection(client) for client in ("a", "a", "a", "a", "b", "b")]
    for connection in waiting:
        dispatcher.add_task(connection)
    assert dispatcher.shutdown()
    assert all(connection.canceled.is_set() for connection in waiting) and not dispatcher.queue


def test_pausing_outside_of_the_threads_of_a_server_does_nothing(dispatcher: FairDispatcher) -> None:
    with dispatcher.pausing():
        assert len(dispatcher.queue) == 0


def test_known_clients_are_bounded() -> None:
    known, account = KnownClients(10), uuid4()
    for number in range(100):
        known.learn(f"Bearer {number}", account)
        known.learn("Bearer busy", account)
    assert len(known) == 10
    assert known.account_of(["Bearer 1", "Bearer busy"]) == account
    assert known.account_of(["Bearer 1"]) is None and known.account_of([]) is None


def test_a_client_is_its_account_or_its_network(tmp_path: Path) -> None:
    application = open_application(tmp_path)
    threads = context_of(application.app).threads
    first, second, other = (application.bearer(f"{name}@example.org") for name in ("me", "me", "you"))
    for bearer in (first, second, other):
        bearer("GET", "/dns-zones/")

    def queue(address: str, secret: str | None = None, **headers: str) -> int:
        if secret:
            headers["AUTHORIZATION"] = f"Bearer {secret}"
        request = SimpleNamespace(headers=headers)
        threads.add_task(SimpleNamespace(requests=[request], addr=(address, 40000)))
        return len(threads.queue)

    assert [queue("192.0.2.1", bearer.secret) for bearer in (first, second, other)] == [1, 1, 2]
    assert [queue("192.0.2.1", "vps_" + "x" * 32), queue("192.0.2.1"), queue("192.0.2.2")] == [3, 3, 4]
    # Neither a key that is none nor the user name of Basic makes one client another.
    assert queue("192.0.2.3", first.secret, X_API_KEY="unknown") == 4
    assert queue("192.0.2.3", AUTHORIZATION=f"Basic {b64encode(f'any:{first.secret}'.encode()).decode()}") == 4


@pytest.mark.parametrize(("threads", "share"), [(2, 2), (8, 2), (16, 4), (256, 64)])
def test_the_share_is_a_quarter(threads: int, share: int) -> None:
    assert share_of(threads) == share
