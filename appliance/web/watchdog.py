"""Keep-alive messages to the service manager, sent after each request of our own that the server answers.

A server whose threads are all stuck sends none and is restarted. A server whose store fails still sends them: its
clients get an error, and a restart would repair nothing. It is ready once the store can be read.
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

TIMEOUT = 20.0
"""Seconds in which the server must respond, if the service manager sets no interval."""
_PAUSE_UNTIL_READY = 0.2
"""Seconds."""


def start(manager: ServiceManager, listen: Endpoint | LocalSocket, store: Store) -> None:
    """Start a thread that sends the messages, if there is a service manager."""
    if manager.is_present:
        threading.Thread(target=_run, args=(manager, listen, store), name="alive", daemon=True).start()


def _run(manager: ServiceManager, listen: Endpoint | LocalSocket, store: Store) -> None:
    is_ready = False
    while not is_ready or manager.interval:
        if _responds(listen, manager.interval or TIMEOUT):
            error = _read_error(store)
            is_ready = is_ready or not error
            manager.notify_alive(error or f"answers requests on {listen}", ready=is_ready)
        time.sleep(manager.interval if is_ready and manager.interval else _PAUSE_UNTIL_READY)


def _responds(listen: Endpoint | LocalSocket, timeout: float) -> bool:
    connection = _connection(listen, timeout)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _connection(listen: Endpoint | LocalSocket, timeout: float) -> http.client.HTTPConnection:
    if isinstance(listen, LocalSocket):
        return _LocalConnection(listen, timeout)
    return http.client.HTTPConnection(listen.host, listen.port, timeout=timeout)


class _LocalConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, listen: LocalSocket, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = str(listen.path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _read_error(store: Store) -> str:
    """Return why the store cannot be read, or an empty string if it can."""
    try:
        with store.connection(), store.reading():
            journal.last()
    except StoreError as error:
        return str(error)
    return ""
