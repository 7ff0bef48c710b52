"""Connections that the parent of several servers accepts and hands over, one by one, to the server with the fewest.

A server that is stuck, or ends, takes no connection with it that another one could answer, and clients that keep their
connections are spread evenly. This module knows waitress, and nothing of Flask.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import cleanup_unix_socket

from appliance.addresses import Endpoint, LocalSocket
from appliance.errors import SettingsError
from appliance.web.middleware import BY_SOCKET

log = logging.getLogger(__name__)

BACKLOG = 1024
"""Connections that may wait to be accepted."""
_MAX_MESSAGE = 256
"""Octets of an address and port as text."""


def listen_at(listen: Endpoint | LocalSocket) -> list[socket.socket]:
    """Return the sockets that listen there, two for `localhost`; raise SettingsError if this process cannot.

    All users may use a Unix socket, as a port of loopback; one that a former process left is replaced.
    """
    try:
        return _listening(listen)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"api.listen is {listen}, where this process cannot listen: {error}; use an address of this "
            "machine and a free port, or a Unix socket in an existing directory that this user may write to"
        ) from None


def _listening(listen: Endpoint | LocalSocket) -> list[socket.socket]:
    if isinstance(listen, LocalSocket):
        return [_listening_locally(listen.path)]
    found = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    places = dict.fromkeys((family, address) for family, _, _, _, address in found)
    return [socket.create_server(address, family=family, backlog=BACKLOG) for family, address in places]


def _listening_locally(path: Path) -> socket.socket:
    cleanup_unix_socket(str(path))
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def hand_over(connection: socket.socket, client: tuple[str, int], channel: socket.socket) -> bool:
    """Send a connection to the server at the other end of the channel; return False if it takes none now."""
    try:
        socket.send_fds(channel, [f"{client[0]} {client[1]}".encode()], [connection.fileno()])
    except OSError:
        return False
    return True


class HandoffServer(BaseWSGIServer):
    """A server of waitress whose connections arrive at a channel. `listen` is where their clients have connected.

    `lost` is called with the client of a connection that arrived and could not be opened.
    """

    def __init__(
        self,
        application: Callable[..., Any],
        listening: dict[int, Any],
        channel: socket.socket,
        dispatcher: ThreadedTaskDispatcher,
        options: Adjustments,
        listen: Endpoint | LocalSocket,
        lost: Callable[[str], None],
    ) -> None:
        self._listen, self._channel, self._lost = listen, channel, lost
        kind = (channel.family, channel.type, channel.proto, None)
        super().__init__(
            application,
            listening,
            _sock=channel,
            dispatcher=dispatcher,
            adj=options,
            sockinfo=kind,
            bind_socket=False,
        )

    def accept_connections(self) -> None:
        """Accept what arrives; another process listens."""
        self.accepting = True

    def getsockname(self) -> tuple[str, Any]:
        """Return host and port, or `unix` and the path of a socket."""
        return ("unix", str(self._listen.path)) if isinstance(self._listen, LocalSocket) else _pair(self._listen)

    def accept(self) -> tuple[socket.socket, tuple[str, int]] | None:
        """Return a connection and its client, or None if there is none; end if the parent has ended.

        The kernel closes a connection for which this process has no file descriptor left: `lost` is called then.
        """
        try:
            message, descriptors, _, _ = socket.recv_fds(self._channel, _MAX_MESSAGE, 1)
        except BlockingIOError:
            return None
        if not message:
            raise SystemExit
        host, port = message.decode().split()
        if not descriptors:
            log.warning("event=connection-lost client=%s reason='too many open files'", host)
            self._lost(host)
            return None
        return socket.socket(fileno=descriptors[0]), (host, int(port))

    def set_socket_options(self, conn: socket.socket) -> None:
        """Set the options of a TCP connection; a client that is gone is noticed later."""
        if conn.family != socket.AF_UNIX:
            for level, name, value in self.adj.socket_options:
                with suppress(OSError):
                    conn.setsockopt(level, name, value)


def own_connection(server: BaseWSGIServer, listening: dict[int, Any]) -> socket.socket:
    """Return a new connection to the server, which runs in another thread on the sockets in `listening`."""
    ours, theirs = socket.socketpair()
    trigger: Any = server.trigger
    trigger.pull_trigger(lambda: server.channel_class(server, theirs, (BY_SOCKET, 0), server.adj, map=listening))
    return ours


def _pair(listen: Endpoint) -> tuple[str, int]:
    return listen.host, listen.port
