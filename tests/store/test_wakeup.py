"""The wake-up: it arrives if somebody listens, and is no error if nobody does."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.store.wakeup import SOCKET_MODE, announce, listen, subscription


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


def test_a_subscriber_learns_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "deployer.sock"
    with listen(path) as listener, subscription(path) as wait:
        assert not wait(0)
        assert not listener.drain(), "a subscription is no change"
        listener.notify_subscribers()
        assert wait(30)
        announce(path)
        assert listener.drain(), "a change is one"


def test_subscribers_that_have_gone_or_do_not_read_harm_nobody(tmp_path: Path) -> None:
    path = tmp_path / "deployer.sock"
    with listen(path) as listener, subscription(path) as wait:
        for _ in range(3):
            with subscription(path) as other:
                assert not other(0)
        assert not wait(0)
        listener.drain()
        for _ in range(1000):
            listener.notify_subscribers()
        assert wait(30)


def test_without_a_listener_a_subscriber_waits_for_its_time(tmp_path: Path) -> None:
    with subscription(tmp_path / "missing.sock") as wait:
        assert not wait(0.001)
