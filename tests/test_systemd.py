"""Notifications to the service manager: ready once, alive in time, and stopping."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from appliance.systemd import ServiceManager, manager_from_environment
from tests.listener import Listener


@pytest.mark.parametrize("form", ["path", "abstract"])
def test_it_is_ready_once(tmp_path: Path, form: str) -> None:
    address = str(tmp_path / "notify") if form == "path" else f"@appliance-test-{uuid.uuid4()}"
    with Listener(address) as listener:
        manager = ServiceManager(address)
        manager.notify_alive("still\nwaiting", ready=False)
        manager.notify_alive("all\nwell ")
        manager.notify_alive("all well")
        manager.notify_stopping()
        assert listener.hears("STOPPING=1")
    assert listener.heard == ["READY=1", "STATUS=all well", "STOPPING=1"]


def test_watchdog_notifications_are_sent_when_due_and_not_more_often(tmp_path: Path) -> None:
    now = 100.0
    with Listener(tmp_path / "notify") as listener:
        manager = ServiceManager(listener.address, 5.0, lambda: now)
        for now in (100.0, 101.0, 104.9, 105.1, 109.0, 110.2):
            manager.notify_alive(f"at {now}", ready=now > 104)
        assert listener.hears("WATCHDOG=1", 3)
    assert listener.heard == [
        *("WATCHDOG=1", "STATUS=at 100.0"),
        *("READY=1", "STATUS=at 104.9"),
        *("WATCHDOG=1", "STATUS=at 105.1"),
        *("WATCHDOG=1", "STATUS=at 110.2"),
    ]


def test_the_interval_is_half_the_watchdog_timeout() -> None:
    watched = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}
    assert manager_from_environment(watched, os.getpid()).interval == 30.0
    assert manager_from_environment(watched, os.getpid() + 1).interval is None
    assert manager_from_environment({"NOTIFY_SOCKET": "/run/notify"}, os.getpid()).interval is None


def test_without_a_manager_nothing_is_sent() -> None:
    manager = manager_from_environment({}, os.getpid())
    assert not manager.is_present
    manager.notify_alive("not sent")
    manager.notify_stopping()


def test_a_missing_manager_is_ignored(tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "nobody")).notify_stopping()
