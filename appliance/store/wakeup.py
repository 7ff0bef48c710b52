"""The wake-up of the deployer: one datagram from the process that changed the store.

A lost datagram does no harm, since the deployer polls the store as well; so no failure here is an error of the write
that it follows.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

SOCKET_MODE = 0o660


def announce(path: Path) -> None:
    """Notify the listener at the socket, if any, that the store has changed; never wait, never fail."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(b"!", str(path))


def listen(path: Path) -> socket.socket:
    """Return the non-blocking socket at which datagrams arrive; replace the file of a former listener."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        listener.bind(str(path))
        path.chmod(SOCKET_MODE)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
