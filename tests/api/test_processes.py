"""Two server processes behind one socket: spread connections, common limits and metrics, and what ends of them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
import requests

from appliance.store.file import sqlite
from tests.api.conftest import Application, open_application
from tests.listener import Listener
from tests.pair import LOOPBACK, free_port, wait_for

BURST = 60


@dataclass
class Server:
    """A running `dns-appliance serve` with two processes, and the application of this process with the same store."""

    process: subprocess.Popen[bytes]
    port: int
    application: Application

    @property
    def url(self) -> str:
        """The URL of the server."""
        return f"http://{LOOPBACK}:{self.port}"

    def children(self) -> list[int]:
        """Return the ids of its processes that answer requests."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def connections(self) -> list[int]:
        """Return the number of open connections of each process that answers requests."""
        port, established = f":{self.port:04X}", "01"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        inodes = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(port) and row[3] == established}
        files = [Path(f"/proc/{child}/fd").iterdir() for child in self.children()]
        return [sum(str(file.readlink()) in inodes for file in opened) for opened in files]

    def connect(self, stack: ExitStack) -> HTTPConnection:
        """Return a new connection, after a first request on it."""
        connection = stack.enter_context(closing(HTTPConnection(LOOPBACK, self.port, timeout=60)))
        assert get(connection, "/healthz") == 200
        return connection

    def total(self, route: str) -> float:
        """Return how many requests of a route were answered."""
        text = requests.get(f"{self.url}/metrics", timeout=60).text
        lines = [line for line in text.splitlines() if line.startswith("dns_appliance_requests_total")]
        return sum(float(line.split()[-1]) for line in lines if f'route="{route}"' in line)


@contextmanager
def serving(folder: Path, notify: str = "", settings: Mapping[str, object] | None = None) -> Iterator[Server]:
    """Run a server with a new store in that folder; `notify` is the socket of a service manager."""
    application, port = open_application(folder), free_port()
    with start(folder, port, notify, settings or {}) as process:
        try:
            yield Server(process, port, application)
        finally:
            process.terminate()


def start(folder: Path, port: int, notify: str, settings: Mapping[str, object]) -> subprocess.Popen[bytes]:
    """Start a server with the store in that folder."""
    chosen = {
        "STORE_PATH": folder / "store.sqlite3",
        "API_LISTEN": f"{LOOPBACK}:{port}",
        "API_PROCESSES": 2,
        "DNS_NAMESERVERS": "ns1.appliance.test=127.0.0.1:5301",
        "DEPLOYER_SOCKET": folder / "deployer.sock",
        **settings,
    }
    environment = os.environ | {f"DNS_APPLIANCE_{name}": str(value) for name, value in chosen.items()}
    environment |= {"NOTIFY_SOCKET": notify} if notify else {}
    return subprocess.Popen((sys.executable, "-m", "appliance", "serve"), env=environment)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server, whose limits are reached soon and recover slowly."""
    names = ("TOKEN", "FAILURE", "ACCOUNT_WRITE")
    limits: dict[str, object] = {f"API_{name}_RATE": 1 for name in names}
    limits |= {f"API_{name}_BURST": BURST for name in names}
    with serving(tmp_path_factory.mktemp("server"), "", limits) as running:
        wait_for(lambda: len(running.children()) == 2 and answers(running), "both have started")
        yield running


def answers(server: Server) -> bool:
    try:
        return requests.get(f"{server.url}/healthz", timeout=60).status_code == 200
    except requests.ConnectionError:
        return False


def get(connection: HTTPConnection, path: str, secret: str = "") -> int:
    connection.request("GET", path, headers={"Authorization": f"Bearer {secret}"} if secret else {})
    response = connection.getresponse()
    response.read()
    return response.status


def test_connections_are_spread_evenly_and_counted_together(server: Server) -> None:
    wait_for(lambda: server.connections() == [0, 0], "no connection is left by other tests")
    answered = server.total("/healthz")
    with ExitStack() as stack:
        connections = [server.connect(stack) for _ in range(8)]
        assert server.connections() == [4, 4]
        assert {get(one, "/healthz") for one in connections} == {200}
    assert server.total("/healthz") == server.total("/healthz") == answered + 16


def test_requests_of_a_token_are_limited_together(server: Server) -> None:
    secret = server.application.secret("requests@example.org", "dns:*")
    with ExitStack() as stack:
        pair = [server.connect(stack) for _ in range(2)]
        statuses = [get(pair[number % 2], "/api/v1/dns-zones/", secret) for number in range(2 * BURST)]
    assert statuses[:BURST] == [200] * BURST
    assert 429 in statuses[BURST:], "each process alone would have answered all of them"


def test_wrong_passwords_are_limited_together(server: Server) -> None:
    sessions = [requests.Session() for _ in range(2)]
    statuses = []
    for number in range(20):
        session = sessions[number % 2]
        page = session.get(f"{server.url}/sign-in/", timeout=60).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        form = hidden | {"email": "me@example.org", "password": "wrong horse battery staple"}
        statuses.append(session.post(f"{server.url}/sign-in/", form, timeout=60).status_code)
    for session in sessions:
        session.close()
    assert 429 not in statuses[:10]
    assert 429 in statuses[10:], "each process alone would have verified all of them"


def test_open_connections_are_counted_together_and_given_back(tmp_path: Path) -> None:
    with serving(tmp_path, settings={"API_CONNECTIONS": 3}) as server, ExitStack() as stack:
        wait_for(lambda: answers(server), "it answers")
        for _ in range(3):
            server.connect(stack)
        with pytest.raises(ConnectionError), ExitStack() as more:
            server.connect(more)
        os.kill(server.children()[0], signal.SIGKILL)
        wait_for(lambda: answers(server), "the connections of an ended process no longer count")


def test_others_answer_while_a_killed_process_is_started_again(server: Server) -> None:
    killed, kept = server.children()
    with ExitStack() as stack:
        connections = [server.connect(stack) for _ in range(4)]
        answered = server.total("/healthz")
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: killed not in server.children(), "it has ended")
        kept_connections = [one for one in connections if is_answered(one)]
        assert len(kept_connections) == 2
        assert answers(server)
        wait_for(lambda: len(server.children()) == 2, "another one is started")
        assert kept in server.children()
        assert {get(one, "/healthz") for one in kept_connections} == {200}
        assert server.total("/healthz") >= answered + 5, "what the killed one has counted remains"


def is_answered(connection: HTTPConnection) -> bool:
    try:
        return get(connection, "/healthz") == 200
    except OSError:
        return False


def test_a_running_request_is_answered_before_both_end(tmp_path: Path) -> None:
    notify = str(tmp_path / "notify")
    with Listener(notify) as manager, serving(tmp_path, notify) as server, ThreadPoolExecutor(1) as threads:
        wait_for(lambda: manager.hears("READY=1"), "both answer")
        assert manager.hears(f"STATUS=answers requests on {LOOPBACK}:{server.port} in 2 processes")
        headers = {"Authorization": f"Bearer {server.application.secret('me@example.org', 'dns:*')}"}
        url, body = f"{server.url}/api/v1/dns-zones/", {"domain": "example.com"}
        waiting = threads.submit(requests.post, url, json=body, headers={**headers, "Prefer": "wait=3"}, timeout=60)
        wait_for(lambda: len(requests.get(url, headers=headers, timeout=60).json()) == 1, "it is stored, and waits")
        children = server.children()
        for pid in (server.process.pid, *children):  # as systemd does
            os.kill(pid, signal.SIGTERM)
        assert waiting.result().status_code == 201
        assert server.process.wait(60) == 0
        assert manager.hears("STOPPING=1") and not manager.hears("READY=1", 2)
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_all_end_with_a_killed_parent(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        wait_for(lambda: len(server.children()) == 2, "both are started")
        children = server.children()
        server.process.kill()
        wait_for(lambda: not any(map(is_running, children)), "they end")
        socket.create_server((LOOPBACK, server.port)).close()


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_they_answer_on_a_unix_socket(tmp_path: Path) -> None:
    place = tmp_path / "api.sock"
    with serving(tmp_path, settings={"API_LISTEN": f"unix:{place}"}), socket.socket(socket.AF_UNIX) as connection:

        def is_connected() -> bool:
            try:
                connection.connect(str(place))
            except OSError:
                return False
            return True

        wait_for(is_connected, "it listens")
        connection.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
        assert connection.recv(15) == b"HTTP/1.0 200 OK"


def test_a_store_of_a_newer_release_ends_the_start(tmp_path: Path) -> None:
    open_application(tmp_path)
    with closing(sqlite.connect(tmp_path / "store.sqlite3")) as writer:
        writer.execute("insert into schema_migration (name, applied) values ('9999_later', '2031-05-04')")
    with start(tmp_path, free_port(), "", {}) as process:
        assert process.wait(60) == 1
