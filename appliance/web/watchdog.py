"""Proof of life for the service manager: a request of our own through the whole server, and a read of the store.

A server whose threads are all stuck gives none and is started again. One whose store fails does give it: it tells its
clients so, and a new start would mend nothing. It counts as ready once the store could be read.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time

from appliance.addresses import Endpoint, LocalSocket
from appliance.errors import StoreError
from appliance.store import journal
from appliance.store.file.database import Store
from appliance.systemd import ServiceManager

PATIENCE = 20.0
"""Seconds that an answer may take, where the manager waits for none."""
_PAUSE_UNTIL_READY = 0.2


def prove_to(manager: ServiceManager, listen: Endpoint | LocalSocket, store: Store) -> None:
    """Begin to tell the manager, if there is one, from a thread of its own."""
    if manager.is_present:
        threading.Thread(target=_prove, args=(manager, listen, store), name="alive", daemon=True).start()


def _prove(manager: ServiceManager, listen: Endpoint | LocalSocket, store: Store) -> None:
    is_ready = False
    while not is_ready or manager.interval:
        if _answers(listen, manager.interval or PATIENCE):
            trouble = _trouble_of(store)
            is_ready = is_ready or not trouble
            manager.notify_alive(trouble or f"answers requests on {listen}", ready=is_ready)
        time.sleep(manager.interval if is_ready and manager.interval else _PAUSE_UNTIL_READY)


def _answers(listen: Endpoint | LocalSocket, patience: float) -> bool:
    connection = _connection(listen, patience)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _connection(listen: Endpoint | LocalSocket, patience: float) -> http.client.HTTPConnection:
    if isinstance(listen, LocalSocket):
        return _LocalConnection(listen, patience)
    return http.client.HTTPConnection(listen.host, listen.port, timeout=patience)


class _LocalConnection(http.client.HTTPConnection):
    """HTTP over a socket among the files of this machine."""

    def __init__(self, listen: LocalSocket, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = str(listen.path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _trouble_of(store: Store) -> str:
    """What keeps the store from being read; nothing when it can be."""
    try:
        with store.connection(), store.reading():
            journal.last()
    except StoreError as failed:
        return str(failed)
    return ""
