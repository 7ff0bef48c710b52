"""The application in its real HTTP server."""

from __future__ import annotations

import itertools
import os
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from appliance.serving import COLLECTED_AFTER
from tests.api.conftest import Application, open_application
from tests.listener import Listener
from tests.pair import free_port, wait_for

PROGRAM = """
import os
import sys
def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith("public_suffix_list.dat"):
        os.mkdir(os.environ["SUFFIXES_READ"])
sys.addaudithook(note)
from appliance.serving import serve
from appliance.settings import read_settings
from appliance.systemd import manager_from_environment
serve(read_settings(None, os.environ), manager_from_environment(os.environ, os.getpid()))
"""


@dataclass
class Server:
    """A running server, and the application of this process with the same store."""

    url: str
    application: Application


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the running server."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A running server with two threads."""
    port = free_port()
    with _serving(folder, {"API_LISTEN": f"127.0.0.1:{port}"}) as application:
        _await(port)
        yield Server(f"http://127.0.0.1:{port}", application)


@pytest.fixture
def url(server: Server) -> str:
    """The URL of the running server."""
    return server.url


@contextmanager
def _serving(folder: Path, settings: Mapping[str, str], notify: str = "") -> Iterator[Application]:
    """Run a server with a store in that folder during the block; `notify` is the socket of a service manager."""
    application = open_application(folder)
    chosen = {
        "STORE_PATH": str(folder / "store.sqlite3"),
        "API_PROCESSES": "1",
        "API_THREADS": "2",
        "DNS_NAMESERVERS": "ns1.appliance.test=127.0.0.1:5301",
        "DEPLOYER_SOCKET": str(folder / "deployer.sock"),
        **settings,
    }
    environment = os.environ | {f"DNS_APPLIANCE_{name}": value for name, value in chosen.items()}
    environment |= {"SUFFIXES_READ": str(folder / "suffixes")} | ({"NOTIFY_SOCKET": notify} if notify else {})
    with subprocess.Popen((sys.executable, "-c", PROGRAM), env=environment) as server:
        try:
            yield application
        finally:
            server.terminate()


def test_the_list_of_public_suffixes_is_read_before_the_first_request(server: Server, folder: Path) -> None:
    assert requests.get(f"{server.url}/healthz", timeout=30).status_code == 200
    assert (folder / "suffixes").is_dir(), "else the first zone that is created waits for it"


def test_idle_connections_do_not_block_others(url: str) -> None:
    port = _port(url)
    with ExitStack() as stack:
        for number in range(500):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            idle.sendall(b"GET / HTTP/1.1\r\n" if number % 2 else b"GET /healthz HTTP/1.1\r\nHo")
        for _ in range(60):
            stalled = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            stalled.sendall(b"POST /api/v1/dns-zones/ HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        for _ in range(60):
            reader = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            reader.sendall(b"GET /api/v1/docs/assets/swagger-ui-bundle.js HTTP/1.1\r\n\r\n")
        assert requests.get(f"{url}/healthz", timeout=30).json() == {"status": "ok"}
        assert requests.get(f"{url}/api/v1/dns-zones/", timeout=30).status_code == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked", 400),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 2", 400),
        (b"transfer-encoding: Chunked\r\ncontent-length: 0", 400),
        (b"Content-Length: 2\r\nContent-Length: 2", 400),
        (b"Content-Length: 2\r\nContent-Length: 3", 400),
        (b"Content-Length: 2, 2", 400),
        (b"Content-Length: +2", 400),
        (b"Content-Length: -2", 400),
        (b"Content-Length: 0x2", 400),
        (b"Content-Length: \xb2", 400),
        (b"Content-Length:", 400),
        (b"Content-Length : 2", 400),
        (b"Content-Length: 2\r\n Transfer-Encoding: chunked", 400),
        (b"Transfer-Encoding: chunked, chunked", 400),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        (b"Transfer-Encoding:", 400),
        (b"Transfer-Encoding: identity", 501),
        (b"Transfer-Encoding: \x0bchunked", 400),
        (b"X-Long: " + b"x" * 300_000, 431),
        (b"\r\n".join(b"X-%d: x" % number for number in range(40_000)), 431),
    ],
)
def test_ambiguous_requests_are_refused_and_the_connection_closed(url: str, header: bytes, status: int) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", _port(url)), timeout=30) as connection:
        with suppress(ConnectionError):
            connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n0\r\n\r\n" + smuggled)
        received = _read_all(connection)
    assert re.match(rb"HTTP/1.[01] %d " % status, received), received[:200]
    assert received.count(b"HTTP/1.") == 1, "the rest is not read as a request"
    assert b"Connection: close" in received


def test_http_1_0_has_no_transfer_encoding(url: str) -> None:
    with socket.create_connection(("127.0.0.1", _port(url)), timeout=30) as connection:
        connection.sendall(b"POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert _read_all(connection).startswith(b"HTTP/1.0 400 ")


@pytest.mark.parametrize("framing", [b"Content-Length: %d\r\nExpect: 100-continue", b"Content-Length: %d000"])
def test_a_large_body_is_refused_before_it_is_received(url: str, framing: bytes) -> None:
    header = b"POST /api/v1/dns-zones/ HTTP/1.1\r\nHost: x\r\n" + framing % 20_000_000
    with socket.create_connection(("127.0.0.1", _port(url)), timeout=30) as connection:
        connection.sendall(header + b"\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        received = _read_all(connection)
    assert re.match(rb"HTTP/1.1 401 .*Connection: close.*invalid_token", received, re.DOTALL), received[:500]
    assert received.count(b"HTTP/1.") == 1, "the body is not read as a request"


def test_a_body_over_the_limit_is_answered_in_the_form_of_the_api(server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.application.secret('me@example.org', 'dns:*')}"}
    headers["Content-Type"] = "application/json"
    large, whole = b"[" * 300_000, b'{"domain": "%s"}' % (b"a" * 300_000)
    with requests.Session() as session:
        session.headers.update(headers)
        for path, sent, status in (
            ("dns-records", large, 413),
            ("dns-records", iter([large]), 413),
            ("dns-zones", whole, 400),
            ("dns-zones", iter([whole]), 400),
        ):
            answer = session.post(f"{server.url}/api/v1/{path}/", data=sent, timeout=30)
            assert (answer.status_code, answer.json()["field"]) == (status, "domain" if status == 400 else None)
        headers["Authorization"] = "Bearer vps_" + "x" * 32
        unknown = session.post(f"{server.url}/api/v1/dns-zones/", data=whole, headers=headers, timeout=30)
        assert unknown.status_code == 401


def test_connections_of_one_address_are_limited(tmp_path: Path) -> None:
    port = free_port()
    with _serving(tmp_path, {"API_LISTEN": f"127.0.0.1:{port}", "API_CONNECTIONS": "3"}), ExitStack() as stack:
        _await(port)
        opened = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 30)) for _ in range(4)]
        assert _read_all(opened[3]) == b""
        opened.pop().close()
        opened.pop().close()

        def is_answered() -> bool:
            with socket.create_connection(("127.0.0.1", port), 30) as connection, suppress(ConnectionError):
                connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                return b"ok" in _read_all(connection)
            return False

        wait_for(is_answered, "a closed connection gives its place to another")


def test_chunked_bodies_are_read(url: str) -> None:
    answer = requests.post(f"{url}/api/v1/dns-zones/", data=iter([b"{", b"}"]), timeout=30)
    assert answer.status_code == 401


def test_the_server_does_not_name_itself(url: str) -> None:
    answer = requests.get(f"{url}/api/v1/dns-zones", timeout=30, allow_redirects=False)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "Server" not in answer.headers


def test_a_server_on_a_unix_socket(tmp_path: Path) -> None:
    place = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as left_by_another:
        left_by_another.bind(str(place))
    limits = {"API_FAILURE_RATE": "1", "API_FAILURE_BURST": "2"}
    notify = str(tmp_path / "notify")
    with Listener(notify) as manager, _serving(tmp_path, {"API_LISTEN": f"unix:{place}", **limits}, notify):
        wait_for(lambda: manager.hears("READY=1"), "the server answers its own request and is ready", 30)
        assert manager.hears(f"STATUS=answers requests on unix:{place}")
        assert stat.S_IMODE(place.stat().st_mode) == 0o666
        assert _status(place, b"GET /metrics HTTP/1.0\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n") == 200
        wrong = b"GET /api/v1/dns-zones/ HTTP/1.0\r\nX-Forwarded-For: 192.0.2.%d\r\n\r\n"
        assert _status(place, wrong % 1) == 401
        numbers = itertools.count(2)
        wait_for(
            lambda: _status(place, wrong % next(numbers)) == 429,
            "failures of all clients on the socket are counted together",
        )


@pytest.mark.parametrize("place", ["unix:{}/missing/api.sock", "192.0.2.1:8053"])
def test_an_error_names_the_address_that_cannot_be_used(place: str, tmp_path: Path) -> None:
    open_application(tmp_path)
    settings = {"STORE_PATH": str(tmp_path / "store.sqlite3"), "API_LISTEN": place.format(tmp_path)}
    environment = os.environ | {f"DNS_APPLIANCE_{name}": value for name, value in settings.items()}
    command = (sys.executable, "-m", "appliance", "serve")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"dns-appliance: api.listen is {settings['API_LISTEN']}, where")


def _status(place: Path, request: bytes) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(place))
        connection.sendall(request)
        return int(_read_all(connection).split()[1])


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _read_all(connection: socket.socket) -> bytes:
    """Read until the other side closes; it resets the connection if it did not read everything that was sent."""
    received = b""
    with suppress(ConnectionError):
        while part := connection.recv(65536):
            received += part
    return received


def _await(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return


def test_the_garbage_collector_runs_seldom() -> None:
    program = "import gc; from appliance.serving import collect_seldom; collect_seldom()"
    program += "; print(gc.get_freeze_count(), gc.get_threshold()[0])"
    frozen, collected_after = map(int, subprocess.check_output((sys.executable, "-c", program)).split())
    assert frozen > collected_after == COLLECTED_AFTER
