"""A proxy between a secondary and its primary that injects faults: a port of loopback that forwards UDP and TCP.

with Proxy(primary_port) as proxy:
    proxy.set_fault(Fault.STALL, "example.com")
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType
from typing import Self

import dns.name
from dns.opcode import Opcode

from tests.pair import LOOPBACK, free_port

SLOW_OCTETS = 1024
"""Octets per second of a slow answer."""
FIRST_OCTETS = 60
"""Octets of an answer before it stalls or is cut, in the middle of its first record."""
_LARGEST = 65537
_QNAME = 14
"""Offset of the query name over TCP: after length and header."""


class Fault(Enum):
    """Faults of a transfer."""

    SLOW = auto()
    STALL = auto()
    CUT = auto()
    DROP = auto()


class Proxy:
    """A port that forwards to another one; `faulted` counts the connections with a fault.

    The answers to the next `lost_answers` UPDATE messages, and the next `lost_updates` messages, are dropped.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.faulted = self.lost_answers = self.lost_updates = 0
        self._target = (LOOPBACK, target)
        self._fault: tuple[Fault, bytes] | None = None
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._udp = socket.socket(type=socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._udp.bind((LOOPBACK, self.port))
        self._start(self._answer)
        self.accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        _shut_down(self._udp)
        for thread in self._threads:
            thread.join()
        self._udp.close()

    def set_fault(self, fault: Fault, zone: str | None = None) -> None:
        """Inject the fault into new connections, or only into those for the zone."""
        self._fault = fault, (dns.name.from_text(zone).to_wire() or b"") if zone else b""

    def clear_fault(self) -> None:
        """Forward new connections without fault; stalled ones remain stalled, as after a restart of a firewall."""
        self._fault = None

    def accept(self) -> None:
        """Open the port for TCP."""
        listener = self._listener = socket.create_server((LOOPBACK, self.port))
        self._start(lambda: self._listen(listener))

    def refuse(self) -> None:
        """Close the port for TCP and all its connections."""
        if self._listener:
            _shut_down(self._listener)
            self._listener.close()
            self._listener = None
        for connected in tuple(self._open):
            _shut_down(connected)

    def _start(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work))
        self._threads[-1].start()

    def _answer(self) -> None:
        """Forward UDP queries until the port is closed."""
        while True:
            query, client = self._udp.recvfrom(_LARGEST)
            if not query:
                return
            is_update = query[2] >> 3 & 0xF == Opcode.UPDATE
            if is_update and self.lost_updates:
                self.lost_updates -= 1
                continue
            with socket.socket(type=socket.SOCK_DGRAM) as upstream, suppress(OSError):
                upstream.settimeout(1)
                upstream.sendto(query, self._target)
                answer = upstream.recv(_LARGEST)
                if is_update and self.lost_answers:
                    self.lost_answers -= 1
                else:
                    self._udp.sendto(answer, client)

    def _listen(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._start(lambda client=client: self._connect(client))  # type: ignore[misc]

    def _connect(self, client: socket.socket) -> None:
        with client, socket.socket() as server, suppress(OSError):
            self._open |= {client, server}
            server.connect(self._target)
            query = client.recv(_LARGEST)
            server.sendall(query)
            _forward(client, server, self._fault_of(query))
        self._open -= {client, server}

    def _fault_of(self, query: bytes) -> Fault | None:
        fault, zone = self._fault or (None, b"")
        if not query[_QNAME:].lower().startswith(zone):
            return None
        self.faulted += fault is not None
        return fault


def _forward(client: socket.socket, server: socket.socket, fault: Fault | None) -> None:
    """Forward data in both directions until one side closes."""
    watched = [client] if fault is Fault.DROP else [client, server]
    while True:
        readable, _, _ = select.select(watched, [], [])
        octets = readable[0].recv(SLOW_OCTETS if fault is Fault.SLOW else _LARGEST)
        if not octets:
            return
        if readable[0] is client:
            server.sendall(octets)
        elif fault in (Fault.STALL, Fault.CUT):
            client.sendall(octets[:FIRST_OCTETS])
            watched.remove(server)
            if fault is Fault.CUT:
                return
        else:
            client.sendall(octets)
            if fault is Fault.SLOW:
                time.sleep(len(octets) / SLOW_OCTETS)


def _shut_down(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
