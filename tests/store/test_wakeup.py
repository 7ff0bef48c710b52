"""The wake-up: it arrives if somebody listens, and is no error if nobody does."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.store.wakeup import SOCKET_MODE, announce, listen


def test_a_datagram_arrives(tmp_path: Path) -> None:
    path = tmp_path / "run" / "deployer.sock"
    with listen(path) as listener:
        announce(path)
        assert listener.recv(16) and path.stat().st_mode & 0o777 == SOCKET_MODE
        with pytest.raises(BlockingIOError):
            listener.recv(16)


def test_nobody_listens(tmp_path: Path) -> None:
    announce(tmp_path / "missing.sock")
    announce(tmp_path / ("x" * 200))
    listen(tmp_path / "left.sock").close()
    announce(tmp_path / "left.sock")


def test_a_full_queue_is_no_error(tmp_path: Path) -> None:
    with listen(tmp_path / "deployer.sock") as listener:
        for _ in range(5000):
            announce(tmp_path / "deployer.sock")
        assert listener.recv(16)


def test_a_leftover_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "deployer.sock"
    listen(path).close()
    with listen(path) as listener:
        announce(path)
        assert listener.recv(16)


def test_a_path_that_cannot_be_bound_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        listen(tmp_path / ("x" * 200))
