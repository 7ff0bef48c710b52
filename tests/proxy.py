"""The way from a secondary to its primary, as one that can be spoiled: a port of loopback that passes UDP and TCP on.

with Proxy(primary_port) as way:
    way.spoil(Fault.STALL, "example.com")
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

from tests.pair import LOOPBACK, free_port

SLOW_OCTETS = 1024
"""What passes of an answer in a second when it is slow."""
BEGINNING = 60
"""Octets of an answer that pass before it stalls or is cut, in the midst of its first record."""
_LARGEST = 65537
_QUESTION = 14
"""Where the name of a question begins: behind its length and its header."""


class Fault(Enum):
    """What becomes of a transfer."""

    SLOW = auto()
    STALL = auto()
    CUT = auto()
    DROP = auto()


class Proxy:
    """A port behind which another one answers; `spoiled` counts the connections that were not let through."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.spoiled = 0
        self._target = (LOOPBACK, target)
        self._fault: tuple[Fault, bytes] | None = None
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._questions = socket.socket(type=socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._questions.bind((LOOPBACK, self.port))
        self._start(self._answer)
        self.accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        _end(self._questions)
        for thread in self._threads:
            thread.join()
        self._questions.close()

    def spoil(self, fault: Fault, zone: str | None = None) -> None:
        """Spoil what is transferred from now on, of that zone alone where one is named."""
        self._fault = fault, (dns.name.from_text(zone).to_wire() or b"") if zone else b""

    def mend(self) -> None:
        """Let new connections through; what was stalled stays so, as behind a firewall that has forgotten it."""
        self._fault = None

    def accept(self) -> None:
        """Open the port for TCP."""
        listener = self._listener = socket.create_server((LOOPBACK, self.port))
        self._start(lambda: self._listen(listener))

    def refuse(self) -> None:
        """Close the port for TCP, and break what is connected."""
        if self._listener:
            _end(self._listener)
            self._listener.close()
            self._listener = None
        for connected in tuple(self._open):
            _end(connected)

    def _start(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work))
        self._threads[-1].start()

    def _answer(self) -> None:
        """Pass one question on after the other until the port is closed."""
        while True:
            question, client = self._questions.recvfrom(_LARGEST)
            if not question:
                return
            with socket.socket(type=socket.SOCK_DGRAM) as onward, suppress(OSError):
                onward.settimeout(1)
                onward.sendto(question, self._target)
                self._questions.sendto(onward.recv(_LARGEST), client)

    def _listen(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._start(lambda client=client: self._connect(client))  # type: ignore[misc]

    def _connect(self, client: socket.socket) -> None:
        with client, socket.socket() as server, suppress(OSError):
            self._open |= {client, server}
            server.connect(self._target)
            question = client.recv(_LARGEST)
            server.sendall(question)
            _pass_on(client, server, self._fault_of(question))
        self._open -= {client, server}

    def _fault_of(self, question: bytes) -> Fault | None:
        fault, zone = self._fault or (None, b"")
        if not question[_QUESTION:].lower().startswith(zone):
            return None
        self.spoiled += fault is not None
        return fault


def _pass_on(client: socket.socket, server: socket.socket, fault: Fault | None) -> None:
    """Pass on what both say until one of them ends."""
    watched = [client] if fault is Fault.DROP else [client, server]
    while True:
        said, _, _ = select.select(watched, [], [])
        words = said[0].recv(SLOW_OCTETS if fault is Fault.SLOW else _LARGEST)
        if not words:
            return
        if said[0] is client:
            server.sendall(words)
        elif fault in (Fault.STALL, Fault.CUT):
            client.sendall(words[:BEGINNING])
            watched.remove(server)
            if fault is Fault.CUT:
                return
        else:
            client.sendall(words)
            if fault is Fault.SLOW:
                time.sleep(len(words) / SLOW_OCTETS)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
