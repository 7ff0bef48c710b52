"""The application behind its real server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.api.conftest import open_house
from tests.pair import free_port

PROGRAM = """
import os
from appliance.app import serve
from appliance.settings import read_settings
serve(read_settings(None, os.environ))
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of a running server with two threads."""
    open_house(tmp_path)
    port = free_port()
    chosen = {
        "STORE_PATH": str(tmp_path / "store.sqlite3"),
        "API_LISTEN": f"127.0.0.1:{port}",
        "API_THREADS": "2",
        "DNS_NAMESERVERS": "ns1.appliance.test=127.0.0.1:5301",
        "DEPLOYER_SOCKET": str(tmp_path / "deployer.sock"),
    }
    environment = os.environ | {f"DNS_APPLIANCE_{name}": value for name, value in chosen.items()}
    with subprocess.Popen((sys.executable, "-c", PROGRAM), env=environment) as server:
        try:
            _await(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def test_idle_connections_starve_nobody(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with ExitStack() as stack:
        for number in range(300):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            idle.sendall(b"GET / HTTP/1.1\r\n" if number % 2 else b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        assert requests.get(f"{url}/healthz", timeout=30).json() == {"status": "ok"}


def test_what_the_server_shows_of_itself(url: str) -> None:
    answer = requests.get(f"{url}/api/v1/dns-zones", timeout=30, allow_redirects=False)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "Server" not in answer.headers


def _await(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
