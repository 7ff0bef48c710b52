"""Several server processes behind one listening socket: the parent accepts, the servers answer.

The parent forks the servers, hands each connection to the one with the fewest, starts one again that has ended, and
notifies the service manager while all of them answer. It has one thread and never opens the store, so it can fork at
any time. A server reports to it over a pipe: that it serves, that it answers requests, which connections it closed.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from typing import NoReturn

from appliance.child_processes import RestartDelay, end_with_parent
from appliance.errors import ApplianceError, SettingsError
from appliance.systemd import ServiceManager
from appliance.web.connection_handoff import hand_over
from appliance.web.connections import ConnectionCounts
from appliance.web.middleware import BY_SOCKET

log = logging.getLogger(__name__)

END_TIMEOUT = 8.0
"""Seconds after SIGTERM before SIGKILL: less than `run` and a unit allow the parent."""
_SERVING, _ALIVE, _CLOSED = "serving", "alive", "closed"
_READ = 65536
_MAX_TEXT = 500
"""Characters of a report: a line that fits in PIPE_BUF is written at once, whatever other threads write."""


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """What one server has of its parent: its number, the channel of its connections, and a pipe for its reports."""

    number: int
    connections: socket.socket
    reports: int

    def report_serving(self) -> None:
        """Report that the server has started."""
        self._report(_SERVING, "")

    def report_alive(self, error: str) -> None:
        """Report that the server answers requests, and why it cannot read the store, if so."""
        self._report(_ALIVE, " ".join(error.split())[:_MAX_TEXT])

    def open(self, address: str) -> bool:  # noqa: ARG002 - as ConnectionCounts
        """Return True: the parent has counted the connection."""
        return True

    def close(self, address: str) -> None:
        """Report that a connection was closed."""
        self._report(_CLOSED, address)

    def _report(self, kind: str, text: str) -> None:
        os.write(self.reports, f"{kind} {text}\n".encode(errors="replace"))


@dataclass(slots=True)
class Server:
    """A running server, as its parent sees it."""

    process: ForkProcess
    connections: socket.socket
    reports: int
    clients: Counter[str] = field(default_factory=Counter)
    answered: bool = False
    error: str = ""
    _rest: bytes = b""

    def read_reports(self) -> list[tuple[str, str]]:
        """Return the kind and text of each report that has arrived."""
        *lines, self._rest = (self._rest + os.read(self.reports, _READ)).split(b"\n")
        return [(kind, text) for kind, _, text in (line.decode().partition(" ") for line in lines)]

    def forget_connection(self, address: str) -> bool:
        """Uncount a connection of that client; return False if none is counted, as that of the server to itself."""
        is_counted = address in self.clients
        if is_counted:
            self.clients[address] -= 1
            if not self.clients[address]:
                del self.clients[address]
        return is_counted

    def close(self) -> None:
        """Close the channel and the pipe."""
        self.connections.close()
        os.close(self.reports)


@dataclass(slots=True)
class Prefork:
    """The parent of `count` servers, each of which runs `serve`. `status` is what the service manager shows."""

    listeners: Sequence[socket.socket]
    count: int
    counts: ConnectionCounts
    serve: Callable[[ServerPlace], None]
    manager: ServiceManager
    status: str
    monotonic: Callable[[], float] = time.monotonic
    _servers: dict[int, Server] = field(default_factory=dict)
    _delays: dict[int, RestartDelay] = field(default_factory=dict)
    _has_served: bool = False

    def run(self) -> None:
        """Run the servers until this process is terminated; raise SettingsError if the first ones do not start."""
        for listener in self.listeners:
            listener.setblocking(False)
        self._delays = {number: RestartDelay() for number in range(self.count)}
        try:
            while True:
                self._start_missing()
                self._wait()
        finally:
            self._stop()

    def _start_missing(self) -> None:
        now = self.monotonic()
        for number, delay in self._delays.items():
            if number not in self._servers and not delay.seconds_left(now):
                delay.start(now)
                self._servers[number] = self._fork(number)

    def _fork(self, number: int) -> Server:
        connections, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connections.setblocking(False)
        reading, reports = os.pipe()
        place = ServerPlace(number, channel, reports)
        process = multiprocessing.get_context("fork").Process(target=self._run_server, args=(place, os.getpid()))
        process.start()
        channel.close()
        os.close(reports)
        return Server(process, connections, reading)

    def _run_server(self, place: ServerPlace, parent: int) -> None:
        """Serve, in the forked process, without the sockets that only its parent uses."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)
        end_with_parent(parent)
        for listener in self.listeners:
            listener.close()
        for server in self._servers.values():
            server.close()
        try:
            self.serve(place)
        except ApplianceError as error:
            log.error("event=server-failed number=%d reason=%r", place.number, str(error))  # noqa: TRY400 - for the user
            sys.exit(1)

    def _wait(self) -> None:
        """Wait for a connection, a report, the end of a server, or the time to start one again, and handle it."""
        listeners = self.listeners if self._servers else ()
        reports = {server.reports: server for server in self._servers.values()}
        ends = {server.process.sentinel: number for number, server in self._servers.items()}
        ready = wait([*listeners, *reports, *ends], self._seconds_to_start())
        for one in ready:
            if isinstance(one, socket.socket):
                self._accept(one)
            elif isinstance(one, int) and one in reports:
                self._handle_reports(reports[one])
        for number in [ends[one] for one in ready if isinstance(one, int) and one in ends]:
            self._remove(number)

    def _seconds_to_start(self) -> float | None:
        now = self.monotonic()
        left = [delay.seconds_left(now) for number, delay in self._delays.items() if number not in self._servers]
        return min(left, default=None)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, address = listener.accept()
        except OSError:
            return  # its client has gone
        with connection:
            client = (BY_SOCKET, 0) if listener.family == socket.AF_UNIX else (address[0], address[1])
            if self.counts.open(client[0]) and not self._hand_over(connection, client):
                self.counts.close(client[0])
                log.warning("event=connection-refused network=%s reason='no server process accepts it'", client[0])

    def _hand_over(self, connection: socket.socket, client: tuple[str, int]) -> bool:
        for server in sorted(self._servers.values(), key=lambda one: one.clients.total()):
            if hand_over(connection, client, server.connections):
                server.clients[client[0]] += 1
                return True
        return False

    def _handle_reports(self, server: Server) -> None:
        for kind, text in server.read_reports():
            if kind == _CLOSED:
                if server.forget_connection(text):
                    self.counts.close(text)
            elif kind == _ALIVE:
                server.answered, server.error = True, text
            else:
                self._has_served = True
        self._notify()

    def _notify(self) -> None:
        """Notify the service manager once every server has answered since the last notification."""
        servers = self._servers.values()
        if len(servers) == self.count and all(server.answered for server in servers):
            error = next((server.error for server in servers if server.error), "")
            self.manager.notify_alive(error or self.status, ready=not error)
            for server in servers:
                server.answered = False

    def _remove(self, number: int) -> None:
        """Forget a server that has ended; raise SettingsError if it failed before any has served."""
        server = self._servers.pop(number)
        process = server.process
        process.join()
        server.close()
        for address, connections in server.clients.items():
            for _ in range(connections):
                self.counts.close(address)
        log.warning(
            "event=server-ended number=%d pid=%s status=%s", number, server.process.pid, server.process.exitcode
        )
        if process.exitcode and not self._has_served:
            raise SettingsError("the API does not start: its log has the reason (event=server-failed)")

    def _stop(self) -> None:
        """End all servers, which answer running requests first."""
        for listener in self.listeners:
            listener.close()
        for server in self._servers.values():
            server.process.terminate()
        deadline = time.monotonic() + END_TIMEOUT
        for number, server in self._servers.items():
            server.process.join(max(0.0, deadline - time.monotonic()))
            if server.process.exitcode is None:
                log.warning("event=server-killed number=%d pid=%s", number, server.process.pid)
                server.process.kill()
                server.process.join()


def _end(_number: int, _frame: object) -> NoReturn:
    """End after the running requests; a service manager and the parent may both send a signal."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)
