"""A kept connection for transfers: opened again, and closed after any answer that is not valid."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime

import dns.name
import dns.rrset
import pytest
from dns.rdatatype import RdataType

from appliance.addresses import LOOPBACK, Endpoint
from appliance.errors import CommandError, CommandFailed, CommandTimeout
from appliance.keys import new_key
from appliance.queries.transfer_connection import TransferConnection
from tests.signed_responses import NOW, SigningServer

KEY = new_key("transfer")
ZONE = dns.name.from_text("example.com.")
RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"

Answer = Callable[[bytes, socket.socket], None]
"""Called with each request, and the connection to answer on."""


def response(records: int = 1, rcode: int = 0) -> bytes:
    """Return a response with that many records, without id and signature."""
    question = ZONE.to_digestable() + struct.pack("!HH", RdataType.AXFR, 1)
    return struct.pack("!6H", 0, 0x8400 | rcode, 1, records, 0, 0) + question + records * RECORD


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def signed(request: bytes, connection: socket.socket) -> None:
    """Answer with one signed record."""
    connection.sendall(framed(SigningServer(KEY, request).sign(response())))


@contextmanager
def answering(*answers: Answer) -> Iterator[TransferConnection]:
    """Yield a connection to a server that answers the requests, each on a connection of its own if it closes that."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        rest = deque(answers)

        def serve() -> None:
            while rest:
                connection, _ = listener.accept()
                with connection:
                    while rest and (size := connection.recv(2)):
                        answer = rest.popleft()
                        answer(connection.recv(int.from_bytes(size, "big")), connection)
                        if answer is not signed:
                            break

        thread = threading.Thread(target=serve)
        thread.start()
        endpoint = Endpoint(LOOPBACK, listener.getsockname()[1])
        opened = TransferConnection(endpoint, KEY, lambda: datetime.fromtimestamp(NOW, UTC), 30)
        with ExitStack() as stack:
            stack.callback(thread.join)
            stack.enter_context(closing(opened))
            yield opened


def transfer(connection: TransferConnection) -> int:
    """Return the number of records in one message."""
    connection.request(ZONE, RdataType.AXFR)
    count = len(connection.receive())
    connection.finish()
    return count


def test_a_connection_is_kept() -> None:
    with answering(signed, signed, signed) as connection:
        assert [transfer(connection) for _ in range(3)] == [1, 1, 1]


def test_a_connection_that_the_nameserver_closed_is_opened_again() -> None:
    closed = threading.Event()

    def once(request: bytes, connection: socket.socket) -> None:
        signed(request, connection)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with answering(once, signed) as connection:
        assert transfer(connection) == 1
        assert closed.wait(30)
        assert transfer(connection) == 1


def replying(change: Callable[[bytes], bytes]) -> Answer:
    """Return what answers with a signed message after this change of its octets, length included."""

    def reply(request: bytes, connection: socket.socket) -> None:
        connection.sendall(change(framed(SigningServer(KEY, request).sign(response()))))

    return reply


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (replying(lambda octets: b""), CommandTimeout, "the connection was closed"),
        (replying(lambda octets: octets[:-1]), CommandTimeout, "the connection was closed"),
        (replying(lambda octets: octets[:2] + b"\0\0" + octets[4:]), CommandFailed, "the answer to another request"),
        (replying(lambda octets: octets[:40] + b"X" + octets[41:]), CommandFailed, "the signature of the response is"),
        (replying(lambda octets: b"\0\5hello"), CommandFailed, "malformed message: shorter than a header"),
        (lambda request, c: c.sendall(framed(request[:2] + response()[2:])), CommandFailed, "is not signed"),
        (lambda request, c: c.sendall(framed(request[:2] + response(0, 5)[2:])), CommandFailed, "refused with REFUSED"),
        (
            lambda request, c: c.sendall(framed(SigningServer(KEY, request).sign(response(0)))),
            CommandFailed,
            "a message has no records",
        ),
    ],
)
def test_an_answer_that_is_not_valid_closes_the_connection(
    answer: Answer, error: type[CommandError], reason: str
) -> None:
    with answering(answer, signed) as connection:
        with pytest.raises(error, match=reason):
            transfer(connection)
        assert transfer(connection) == 1


def test_the_last_message_must_be_signed() -> None:
    def skipping(request: bytes, connection: socket.socket) -> None:
        server = SigningServer(KEY, request)
        connection.sendall(framed(server.sign(response(), multi=True)) + framed(server.skip(response())))

    with answering(skipping) as connection:
        connection.request(ZONE, RdataType.AXFR)
        assert len(connection.receive()) == len(connection.receive()) == 1
        with pytest.raises(CommandFailed, match="the last message is not signed"):
            connection.finish()
