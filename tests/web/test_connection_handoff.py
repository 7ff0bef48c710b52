"""Connections that one process hands over to another."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from appliance.addresses import Endpoint
from appliance.web.connection_handoff import HandoffServer, hand_over

CLIENT = ("192.0.2.1", 5000)


@pytest.fixture
def lost() -> list[str]:
    """The clients whose connections were lost."""
    return []


@pytest.fixture
def server(lost: list[str]) -> Iterator[tuple[HandoffServer, socket.socket]]:
    """A server, and its parent's end of the channel."""
    parent, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    dispatcher, listen = ThreadedTaskDispatcher(), Endpoint("127.0.0.1", 80)
    with parent, child:
        server = HandoffServer(lambda *_: [], {}, child, dispatcher, Adjustments(), listen, lost.append)
        trigger: Any = server.trigger
        with closing(trigger):
            yield server, parent


def test_a_connection_arrives_with_its_client(server: tuple[HandoffServer, socket.socket]) -> None:
    receiver, parent = server
    assert receiver.accept() is None
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            assert hand_over(theirs, CLIENT, parent)
        arrived = receiver.accept()
        assert arrived and arrived[1] == CLIENT
        with arrived[0] as connection:
            connection.send(b"x")
            assert ours.recv(1) == b"x"


def test_a_connection_without_a_descriptor_is_lost_and_the_server_goes_on(
    server: tuple[HandoffServer, socket.socket], lost: list[str]
) -> None:
    receiver, parent = server
    parent.send(b"192.0.2.1 5000")  # what arrives if this process has too many open files
    assert receiver.accept() is None and lost == ["192.0.2.1"]


def test_a_server_ends_with_its_parent(server: tuple[HandoffServer, socket.socket]) -> None:
    receiver, parent = server
    parent.close()
    with pytest.raises(SystemExit):
        receiver.accept()
