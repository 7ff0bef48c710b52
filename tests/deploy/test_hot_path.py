"""From the commit of a change until it is live, the deployer imports nothing, starts nothing and connects nowhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.loop import Deployer
from appliance.settings import DeployerSettings
from appliance.store import deployments, wakeup
from appliance.zones.model import Zone
from tests.pair import Pair, wait_for
from tests.workspace import Workspace

WATCHED = ("import", "open", "socket.", "subprocess.", "os.posix_spawn", "os.fork", "ctypes.dlopen")
OWN_THREAD = "checkers"
"""The thread that starts checkers ahead; it waits until what was checked is loaded."""


class Events:
    """What is done that may take long: events of the interpreter, and connections to a store, as (thread, event)."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self._is_recording = False
        self._connected: set[int] = set()
        sys.addaudithook(self._audit)
        apsw.connection_hooks.append(lambda _: self._note_connection())

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record during the block."""
        self._is_recording = True
        try:
            yield
        finally:
            self._is_recording = False

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        is_descriptor = event == "open" and isinstance(arguments[0], int)
        is_datagram = event in ("socket.sendto", "socket.sendmsg")
        if self._is_recording and event.startswith(WATCHED) and not (is_descriptor or is_datagram):
            self._note(f"{event} {arguments[:1]}")

    def _note_connection(self) -> None:
        """Note a connection to the store, unless it is the first one of a thread."""
        if threading.get_ident() in self._connected:
            self._note("connection to the store")
        self._connected.add(threading.get_ident())

    def _note(self, event: str) -> None:
        if self._is_recording and threading.current_thread().name != OWN_THREAD:
            self.seen.append((threading.current_thread().name, event))


@pytest.fixture(scope="module")
def events() -> Events:
    """The events of this process; a hook of the interpreter cannot be removed."""
    return Events()


def step_until_live(deployer: Deployer, zone: Zone, serial: int) -> None:
    def is_live() -> bool:
        deployer.step()
        return deployments.statuses([zone.uuid])[0].live_serial == serial

    wait_for(is_live, f"{serial} is live")


def test_a_change_waits_for_nothing_that_could_have_been_done_before(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path, events: Events
) -> None:
    workspace.store.path.with_suffix(".lock").touch()
    zone = workspace.zone("hot.example")
    with host.checker.started_ahead(2), wakeup.listen(tmp_path / "wakeups") as wakeups:
        settings = DeployerSettings(poll_interval=10, quiet_time=0, reconcile_interval=3600)
        deployer = Deployer(host, workspace.store, workspace.editor, settings, wakeups, workspace.clock)
        try:
            step_until_live(deployer, zone, zone.serial)
            workspace.add(zone, "A", "first", "192.0.2.1")
            step_until_live(deployer, zone, zone.serial + 1)
            workspace.add(zone, "A", "second", "192.0.2.1")
            with events.recorded():
                Path("/dev/null").open().close()
                step_until_live(deployer, zone, zone.serial + 2)
        finally:
            deployer.close()
    (_, first), *others = events.seen
    assert "/dev/null" in first, "events are recorded"
    assert [(thread, event) for thread, event in others if str(pair.zones) not in event] == []
