"""Requests of our own, by which a server shows that it answers, and that the store can be read.

A server whose threads are all stuck reports nothing, and its service manager restarts it. A server whose store fails
still reports: its clients get an error, and a restart would repair nothing.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress.server import BaseWSGIServer

from appliance.errors import StoreError
from appliance.store import journal
from appliance.store.file.database import Store
from appliance.web.connection_handoff import own_connection

TIMEOUT = 20.0
"""Seconds in which the server must respond, if there is no interval."""
_PAUSE_UNTIL_READY = 0.2
"""Seconds."""

Report = Callable[[str], None]
"""Called with the reason why the store cannot be read, or an empty text."""


def start(listening: dict[int, Any], store: Store, interval: float | None, report: Report) -> None:
    """Start a thread that calls `report` after each answer of the server that runs on the sockets in `listening`.

    It does so until the store can be read, and then every `interval` seconds, or with None never again.
    """
    threading.Thread(target=_run, args=(listening, store, interval, report), name="alive", daemon=True).start()


def _run(listening: dict[int, Any], store: Store, interval: float | None, report: Report) -> None:
    server = next(one for one in listening.values() if isinstance(one, BaseWSGIServer))
    is_ready = False
    while not is_ready or interval:
        if _responds(own_connection(server, listening), interval or TIMEOUT):
            error = _read_error(store)
            is_ready = is_ready or not error
            report(error)
        time.sleep(interval if is_ready and interval else _PAUSE_UNTIL_READY)


def _responds(opened: socket.socket, timeout: float) -> bool:
    opened.settimeout(timeout)
    connection = http.client.HTTPConnection("localhost")
    connection.sock = opened
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _read_error(store: Store) -> str:
    """Return why the store cannot be read, or an empty string if it can."""
    try:
        with store.connection(), store.reading():
            journal.last()
    except StoreError as error:
        return str(error)
    return ""
