"""The wakeup: one datagram to the deployer when a zone has changed, and one from it when it has written what it did.

A lost datagram does no harm, since everybody polls the store as well; so no failure here is an error of the write that
it follows. Who awaits the deployer subscribes, from a socket with an abstract address: it needs no file that the user
of the deployer could reach.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import select
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SOCKET_MODE = 0o660
MOST_SUBSCRIBERS = 100
"""Subscribers that are notified; more of them learn of changes by polling the store."""
RENEWAL_INTERVAL = 1.0
"""Seconds after which a subscriber that still waits subscribes again: the deployer may have been restarted."""

_CHANGED = b"!"
_SUBSCRIBE = b"?"


class DeployerSocket(socket.socket):
    """The socket of the deployer, without blocking; and who subscribed to what it writes."""

    def __init__(self) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._subscribers: dict[bytes, None] = {}

    def drain(self) -> bool:
        """Read all datagrams; return True if one of them says that the store has changed."""
        is_changed = False
        while True:
            try:
                message, sender = self.recvfrom(16)
            except BlockingIOError:
                return is_changed
            if message != _SUBSCRIBE:
                is_changed = True
            elif isinstance(sender, bytes) and len(self._subscribers) < MOST_SUBSCRIBERS:
                self._subscribers[sender] = None

    @property
    def has_subscribers(self) -> bool:
        """Return True if anybody may wait for what the deployer writes."""
        return bool(self._subscribers)

    def notify_subscribers(self) -> None:
        """Send a datagram to each subscriber; who has gone is no subscriber any longer."""
        for subscriber in list(self._subscribers):
            try:
                self.sendto(_CHANGED, subscriber)
            except BlockingIOError:  # its queue is full, so it will wake up
                continue
            except OSError:
                del self._subscribers[subscriber]


def announce(path: Path) -> None:
    """Notify the listener at the socket, if any, that the store has changed; never wait, never fail."""
    with contextlib.suppress(OSError):
        _sender().sendto(_CHANGED, str(path))


@functools.cache
def _sender() -> socket.socket:
    """Return the socket from which this process announces changes, until it ends."""
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    atexit.register(sender.close)
    return sender


@contextlib.contextmanager
def subscription(path: Path) -> Iterator[Callable[[float], bool]]:
    """Yield a function that waits at most so many seconds for the listener at the socket to report that it has written.

    It returns True if that was reported.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.setblocking(False)
        with contextlib.suppress(OSError):
            receiver.bind("")  # Linux chooses a free abstract address
        poll = select.poll()
        poll.register(receiver, select.POLLIN)
        renewal_due = 0.0

        def wait(seconds: float) -> bool:
            nonlocal renewal_due
            if (now := time.monotonic()) >= renewal_due:
                renewal_due = now + RENEWAL_INTERVAL
                with contextlib.suppress(OSError):
                    receiver.sendto(_SUBSCRIBE, str(path))
            is_reported = bool(poll.poll(seconds * 1000))
            with contextlib.suppress(BlockingIOError):
                while True:
                    receiver.recv(16)
            return is_reported

        yield wait


def listen(path: Path) -> DeployerSocket:
    """Return the non-blocking socket at which datagrams arrive; replace the file of a former listener."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = DeployerSocket()
    try:
        listener.bind(str(path))
        path.chmod(SOCKET_MODE)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
