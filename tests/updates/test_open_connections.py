"""Which connection is ended for a new one: the one that has waited longest, never one that is being answered."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from appliance.updates.open_connections import Connections

TOTAL, EACH = 3, 2


class Client:
    """A client, the connection to it, and whether the client sees its end."""

    def __init__(self, opened: ExitStack) -> None:
        self.here, self.there = (opened.enter_context(one) for one in socket.socketpair())
        self.there.setblocking(False)

    def is_ended(self) -> bool:
        """Return whether the other side ended the connection."""
        try:
            return self.there.recv(1) == b""
        except BlockingIOError:
            return False


@pytest.fixture
def clients() -> Iterator[list[Client]]:
    with ExitStack() as opened:
        yield [Client(opened) for _ in range(5)]


@pytest.fixture
def connections() -> Connections:
    return Connections(TOTAL, EACH)


def test_of_one_network_the_longest_waiting_is_ended(connections: Connections, clients: list[Client]) -> None:
    other, *same = clients
    assert connections.admit(other.here, "192.0.2.1")
    for number, one in enumerate(same[:3]):
        assert connections.admit(one.here, f"2001:db8::{number}")
    assert [one.is_ended() for one in clients] == [False, True, False, False, False]
    with connections.answering(same[0].here) as is_open:
        assert not is_open


def test_of_all_networks_the_longest_waiting_is_ended(connections: Connections, clients: list[Client]) -> None:
    for number, one in enumerate(clients[:3]):
        assert connections.admit(one.here, f"192.0.2.{number}")
    with connections.answering(clients[0].here) as is_open:  # waits from now on
        assert is_open
    assert connections.admit(clients[3].here, "192.0.2.9")
    assert [one.is_ended() for one in clients] == [False, True, False, False, False]


def test_one_that_is_being_answered_stays(connections: Connections, clients: list[Client]) -> None:
    first, second, third, *_ = clients
    assert connections.admit(first.here, "192.0.2.1") and connections.admit(second.here, "192.0.2.1")
    with connections.answering(first.here), connections.answering(second.here):
        assert not connections.admit(third.here, "192.0.2.1")
    connections.discard(first.here)
    assert connections.admit(third.here, "192.0.2.1")
    assert not any(one.is_ended() for one in clients)


def test_after_the_stop_nothing_is_read(connections: Connections, clients: list[Client]) -> None:
    assert connections.admit(clients[0].here, "192.0.2.1")
    connections.stop()
    assert clients[0].here.recv(1) == b"" and clients[0].here.send(b"x")
    assert not connections.admit(clients[1].here, "192.0.2.2")
    with connections.answering(clients[0].here) as is_open:
        assert not is_open, "a message that was received before is not answered"
