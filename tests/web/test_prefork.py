"""The parent of several servers: whom it hands connections to, when it reports, and what it starts again."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from appliance.web.prefork import Server
from tests.listener import Listener
from tests.pair import LOOPBACK, free_port, wait_for

PROGRAM = """
import logging, os, signal, sys, time
from pathlib import Path
from appliance.addresses import Endpoint
from appliance.systemd import ServiceManager
from appliance.web.connection_handoff import listen_at
from appliance.web.connections import ConnectionCounts
from appliance.web.prefork import Prefork, ServerPlace

folder = Path(sys.argv[1])
logging.basicConfig(level=logging.INFO, filename=folder / "log")

def serve(place: ServerPlace) -> None:
    {body}

listeners = listen_at(Endpoint("127.0.0.1", int(sys.argv[2])))
manager = ServiceManager(str(folder / "notify"), 0.0)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Prefork(listeners, 2, ConnectionCounts(5), serve, manager, "serves").run()
"""
ANSWER = """
    import socket
    place.report_serving()
    while True:
        _, descriptors, _, _ = socket.recv_fds(place.connections, 100, 1)
        os.write(descriptors[0], b"%d" % place.number)
"""
REPORT = """
    place.report_serving()
    while place.number == 1 and not (folder / "go").exists():
        time.sleep(0.01)
    for _ in range(50):
        place.report_alive("")
    (folder / f"reported-{place.number}").touch()
    signal.pause()
"""
END_EARLY = """
    place.report_serving()
    with (folder / f"starts-{place.number}").open("a") as file:
        file.write("x")
    if place.number == 1:
        sys.exit(3)
    signal.pause()
"""
FAIL = """
    from appliance.errors import StoreError
    raise StoreError("database is of a newer release")
"""


@contextmanager
def running(folder: Path, body: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    program = PROGRAM.replace("{body}", body.strip())
    argv = (sys.executable, "-c", program, str(folder), str(port))
    with subprocess.Popen(argv, stderr=subprocess.PIPE) as parent:
        try:
            yield parent
        finally:
            parent.terminate()


def can_connect(stack: ExitStack, port: int, opened: list[socket.socket]) -> bool:
    try:
        opened.append(stack.enter_context(socket.create_connection((LOOPBACK, port), 60)))
    except ConnectionRefusedError:
        return False
    return True


def test_each_connection_goes_to_the_server_with_the_fewest(tmp_path: Path) -> None:
    port = free_port()
    opened: list[socket.socket] = []
    with running(tmp_path, ANSWER, port), ExitStack() as stack:
        wait_for(lambda: can_connect(stack, port, opened), "it listens")
        assert all(can_connect(stack, port, opened) for _ in range(5))
        numbers = [connection.recv(1) for connection in opened]
        assert sorted(numbers[:2]) == sorted(numbers[2:4]) == [b"0", b"1"]
        assert numbers[4] and not numbers[5], "connections of one address are limited"


def test_clients_without_connections_are_forgotten() -> None:
    channel, reports = socket.socket(), os.open(os.devnull, os.O_RDONLY)
    server = Server(multiprocessing.get_context("fork").Process(), channel, reports)
    server.clients.update(["192.0.2.1", "192.0.2.1", "192.0.2.2"])
    assert server.forget_connection("192.0.2.1") and server.forget_connection("192.0.2.2")
    assert not server.forget_connection("localhost"), "a server connects to itself, which its parent does not count"
    assert server.clients == {"192.0.2.1": 1} and len(server.clients) == 1
    server.close()


def test_the_service_manager_is_notified_once_all_have_answered(tmp_path: Path) -> None:
    with Listener(tmp_path / "notify") as manager, running(tmp_path, REPORT, free_port()):
        wait_for((tmp_path / "reported-0").exists, "one server has reported")
        assert not manager.hears("READY=1") and not manager.hears("WATCHDOG=1")
        (tmp_path / "go").touch()
        wait_for(lambda: manager.hears("READY=1"), "both have reported")
        assert manager.hears("STATUS=serves")


def test_a_server_that_ends_is_started_again_and_others_are_not(tmp_path: Path) -> None:
    def starts(number: int) -> int:
        file = tmp_path / f"starts-{number}"
        return len(file.read_text()) if file.exists() else 0

    with running(tmp_path, END_EARLY, free_port()):
        wait_for(lambda: starts(1) >= 3, "it is started again")
        assert starts(0) == 1
    assert "event=server-ended number=1" in (tmp_path / "log").read_text()


def test_servers_that_never_serve_end_the_parent(tmp_path: Path) -> None:
    with running(tmp_path, FAIL, free_port()) as parent:
        assert parent.wait(60) == 1
        assert parent.stderr and b"SettingsError: the API does not start" in parent.stderr.read()
    assert "reason='database is of a newer release'" in (tmp_path / "log").read_text()
