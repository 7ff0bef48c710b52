"""The notice: one datagram from the process that changed the store to the deployer's.

A lost notice does no harm, since the deployer looks at the store by itself as well; so no failure here
is ever an error of the write that it follows.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

SOCKET_MODE = 0o660


def announce(path: Path) -> None:
    """Tell whoever listens at the socket that the store has changed; never waits, never fails."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(b"!", str(path))


def listen(path: Path) -> socket.socket:
    """The socket at which notices arrive, not blocking; a file that a former listener left there is replaced."""
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
