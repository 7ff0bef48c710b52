"""The sockets of the listener, UDP and TCP: each message is answered in a thread of a pool.

Updates wait until they are seen, so they have threads of their own, as have connections: neither keeps a query from
being answered. What comes in faster than it is answered is dropped over UDP; over TCP see `open_connections`.
"""

from __future__ import annotations

import logging
import selectors
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import BinaryIO

import dns.opcode

from appliance.addresses import Endpoint
from appliance.updates.open_connections import Connections
from appliance.updates.responder import Responses, Sender
from appliance.wire import HEADER_OCTETS

log = logging.getLogger(__name__)

THREADS = 32
"""Threads for updates over UDP, as many for other messages over UDP; waiting updates do little."""
WAITING = 500
"""Messages over UDP, of each of the two kinds, that may wait for a thread."""
CONNECTIONS, CONNECTIONS_EACH = 150, 20
"""Open connections, and those of one network."""
IDLE = 30.0
"""Seconds after which a connection without a message is closed."""
STOP_INTERVAL = 0.25
"""Seconds between two checks whether to stop."""

Respond = Callable[[bytes, Sender], Responses]


class Listener:
    """Answers what arrives at one address and port until it is stopped."""

    def __init__(self, endpoint: Endpoint, respond: Respond) -> None:
        """Bind the sockets; raise OSError if the address is not available."""
        self._respond = respond
        family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
        self._udp = socket.socket(family, socket.SOCK_DGRAM)
        self._tcp = socket.socket(family, socket.SOCK_STREAM)
        self._connections = Connections(CONNECTIONS, CONNECTIONS_EACH)
        with ExitStack() as opened:
            opened.callback(self.close)
            self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._tcp.bind((endpoint.host, endpoint.port))
            self._udp.bind((endpoint.host, self.port))
            self._tcp.listen(128)
            for one in (self._udp, self._tcp):
                one.setblocking(False)
            opened.pop_all()

    def close(self) -> None:
        """Close the sockets, also twice."""
        self._udp.close()
        self._tcp.close()

    @property
    def port(self) -> int:
        """Return the port, which the kernel chose if 0 was requested."""
        return int(self._tcp.getsockname()[1])

    def run(self, is_stopped: Callable[[], bool], alive: Callable[[], None] = lambda: None) -> None:
        """Answer until `is_stopped`; then finish what is being answered. `alive` is called several times a second."""
        with ExitStack() as opened, selectors.DefaultSelector() as selector:
            opened.callback(self.close)
            for one in (self._udp, self._tcp):
                selector.register(one, selectors.EVENT_READ)
            updates, others = (opened.enter_context(_Pool(THREADS, WAITING, name)) for name in ("update", "query"))
            # A connection that was ended for a new one may still have its thread.
            connections = opened.enter_context(_Pool(CONNECTIONS, CONNECTIONS, "connection"))
            opened.callback(self._connections.stop)
            while not is_stopped():
                alive()
                for key, _ in selector.select(STOP_INTERVAL):
                    if key.fileobj is self._udp:
                        self._receive(updates, others)
                    else:
                        self._accept(connections)

    def _receive(self, updates: _Pool, others: _Pool) -> None:
        with suppress(OSError):  # of an earlier response: nobody listens there any longer
            wire, address = self._udp.recvfrom(65535)
            is_update = len(wire) >= HEADER_OCTETS and (wire[2] >> 3) & 0xF == dns.opcode.UPDATE
            sender = Sender(_host(address), is_tcp=False)
            (updates if is_update else others).submit(lambda: self._answer_datagram(wire, sender, address))

    def _answer_datagram(self, wire: bytes, sender: Sender, address: tuple[str, int]) -> None:
        for response in self._responses(wire, sender):
            with suppress(OSError):
                self._udp.sendto(response, address)

    def _accept(self, pool: _Pool) -> None:
        with suppress(OSError):
            connection, address = self._tcp.accept()
            host = _host(address)
            if not self._connections.admit(connection, host):
                connection.close()
            elif not pool.submit(lambda: self._serve(connection, host)):
                self._end(connection)

    def _serve(self, connection: socket.socket, host: str) -> None:
        """Answer the messages of a connection in their order."""
        with ExitStack() as opened, suppress(OSError):
            opened.callback(self._end, connection)
            connection.settimeout(IDLE)
            with connection.makefile("rb") as stream:
                while wire := _message(stream):
                    with self._connections.answering(connection) as is_open:
                        responses = self._responses(wire, Sender(host, is_tcp=True)) if is_open else ()
                    for response in responses:
                        connection.sendall(struct.pack("!H", len(response)) + response)

    def _end(self, connection: socket.socket) -> None:
        self._connections.discard(connection)
        connection.close()

    def _responses(self, wire: bytes, sender: Sender) -> Responses:
        try:
            return self._respond(wire, sender)
        except Exception:
            log.exception("event=message-failed address=%s", sender.address)
            return ()


def _message(stream: BinaryIO) -> bytes:
    """Return the next message; empty at the end, also within a message."""
    length = int.from_bytes(stream.read(2), "big")
    wire = stream.read(length)
    return wire if len(wire) == length else b""


class _Pool:
    """Threads, and a bounded number of tasks that wait for one."""

    def __init__(self, threads: int, waiting: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(threads, name)
        self._free = threading.BoundedSemaphore(threads + waiting)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_error: object) -> None:
        self._threads.shutdown()

    def submit(self, task: Callable[[], None]) -> bool:
        """Run the task soon; return False, and drop it, if too many wait."""
        if not self._free.acquire(blocking=False):
            return False

        def run() -> None:
            try:
                task()
            finally:
                self._free.release()

        self._threads.submit(run)
        return True


def _host(address: tuple[str, int]) -> str:
    """Return the address of a client, as IPv4 if it is mapped into IPv6."""
    return address[0].removeprefix("::ffff:")
