"""Waiting requests learn of a change when the deployer reports that it has written it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from appliance.web.deployment_wait import StoreWatcher
from tests.pair import wait_for
from tests.workspace import Workspace


def test_the_store_is_polled_when_a_change_is_reported(workspace: Workspace) -> None:
    waits, reported = threading.Semaphore(0), threading.Semaphore(0)

    def wait(_: float) -> bool:
        waits.release()
        return reported.acquire(timeout=30)

    @contextmanager
    def subscribe() -> Iterator[Callable[[float], bool]]:
        yield wait

    watcher = StoreWatcher(workspace.store, subscribe)
    with watcher.running():
        assert waits.acquire(timeout=30)
        count = watcher.change_count
        workspace.zone()
        assert watcher.change_count == count
        reported.release()
        watcher.wait_for_change(count, 30)
        assert watcher.change_count == count + 1
    reported.release(2)
    wait_for(lambda: not any(thread.name == "watcher" for thread in threading.enumerate()), "the thread has ended")
