"""API, deployer and listener for updates under a service manager: notifications while they start, run and stop."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import requests

from appliance.store.file import sqlite
from tests.appliance import PROGRAM, Appliance
from tests.listener import Listener
from tests.pair import LOOPBACK, free_port, wait_for

WATCHED = {"WATCHDOG_USEC": "200000"}
RUNNING = {
    "serve": "STATUS=answers requests on",
    "deployer": "STATUS=0 zones wait",
    "updates": "STATUS=listening at",
}


@pytest.mark.parametrize("command", ["serve", "deployer", "updates"])
def test_each_notifies_ready_alive_and_stopping(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Listener(tmp_path / "notify") as listener:
        for name, value in {**WATCHED, "NOTIFY_SOCKET": listener.address}.items():
            monkeypatch.setenv(name, value)
        with Appliance() as appliance:
            wait_for(lambda: listener.hears("READY=1", 3), "all are ready")
            wait_for(lambda: listener.hears(RUNNING[command], 3), f"{command} is alive")
            child = appliance.child(f"appliance {command}")
            assert child
            os.kill(child, signal.SIGTERM)
            wait_for(lambda: listener.hears("STOPPING=1"), f"{command} notifies that it stops")
            wait_for(lambda: listener.hears("READY=1", 4), "the next one is ready")


def test_an_api_without_a_store_is_not_ready_and_answers_why(tmp_path: Path) -> None:
    port = free_port()
    with Listener(tmp_path / "notify") as listener:
        values = {"STORE_PATH": tmp_path / "store.sqlite3", "API_LISTEN": f"{LOOPBACK}:{port}"}
        environment = {f"DNS_APPLIANCE_{name}": str(value) for name, value in values.items()}
        environment |= {**os.environ, **WATCHED, "NOTIFY_SOCKET": listener.address}
        with subprocess.Popen((*PROGRAM, "serve"), env=environment) as serving:
            try:
                wait_for(lambda: listener.hears("STATUS=database store.sqlite3 cannot be used", 3), "it is alive")
                assert requests.get(f"http://{LOOPBACK}:{port}/readyz", timeout=10).status_code == 503
                assert not listener.hears("READY=1")
            finally:
                serving.terminate()
        assert serving.returncode == 0
        assert listener.hears("STOPPING=1")


def test_a_deployer_with_a_locked_store_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Listener(tmp_path / "notify") as listener:
        for name, value in {**WATCHED, "NOTIFY_SOCKET": listener.address}.items():
            monkeypatch.setenv(name, value)
        with (
            Appliance() as appliance,
            closing(sqlite.connect(appliance.state / "store" / "store.sqlite3")) as holder,
        ):
            holder.execute("begin immediate")
            wait_for(
                lambda: listener.hears("STATUS=database store.sqlite3 cannot be used: database is locked"),
                "it is reported",
            )
            holder.execute("rollback")
            count = sum(line.startswith(RUNNING["deployer"]) for line in listener.heard)
            wait_for(lambda: listener.hears(RUNNING["deployer"], count + 1), "it continues")
            assert listener.heard.count("READY=1") == len(RUNNING), "each is ready once"
