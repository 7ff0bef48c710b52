"""A file replaces a zone that DNS UPDATE has changed: at every moment a restart serves what was served, or newer."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import dns.name
import pytest
from dns.name import Name
from dns.rcode import NOERROR, REFUSED

from appliance.addresses import Endpoint
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.primary_zone import (
    await_file,
    load_file,
    replace_file,
    restore_file,
    suspend_updates,
    withdraw_zone,
    zone_state,
)
from appliance.errors import CommandError
from appliance.nameserver.control import Control, Transport, ZoneState
from appliance.nameserver.file_head import FileHead
from appliance.nameserver.isccc import RndcConnection
from appliance.queries.bulk import query_all
from tests.pair import LOOPBACK, Pair, free_port, small_zone, wait_for
from tests.signed_updates import update_small_zone


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Name:
    """The name of a zone of each test."""
    return dns.name.from_text(f"z{abs(hash(request.node.name))}.primary.test")


@pytest.fixture
def updated(pair: Pair, zone: Name) -> UUID:
    """A zone whose file has serial 1, and which an update has changed to serial 2."""
    uuid = pair.create(zone, 1)
    pair.wait_for_serial(pair.primary, zone, 1)
    assert update_small_zone(pair, zone, 2, "192.0.2.2") == NOERROR
    return uuid


def publish(host: PrimaryHost, zone: Name, uuid: UUID, content: bytes) -> ZoneState | None:
    """Replace the file and load it."""
    host.files.stage(uuid, content)
    state = suspend(host, zone, uuid)
    replace_file(uuid, zone, state, host)
    load_file(uuid, zone, state, host)
    return state


def journal_of(host: PrimaryHost, uuid: UUID) -> Path:
    return Path(f"{host.files.path(uuid)}.jnl")


def restart(pair: Pair) -> None:
    pair.ns1.stop(signal.SIGKILL)
    pair.ns1.start()
    pair.wait_for_any_serial(pair.primary, pair.catalog)


def test_a_file_replaces_what_an_update_changed(host: PrimaryHost, pair: Pair, zone: Name, updated: UUID) -> None:
    state = publish(host, zone, updated, small_zone(zone, 3))
    assert state == ZoneState(str(host.files.path(updated)), 2)
    pair.wait_for_serial(pair.primary, zone, 3)
    assert host.files.read_live(updated) == small_zone(zone, 3)
    wait_for(lambda: update_small_zone(pair, zone, 4, "192.0.2.4") == NOERROR, "updates are accepted again")
    restart(pair)
    pair.wait_for_serial(pair.primary, zone, 4)
    pair.notify(zone)
    pair.wait_for_serial(pair.secondary, zone, 4)


def suspend(host: PrimaryHost, zone: Name, uuid: UUID) -> ZoneState | None:
    state = zone_state(uuid, zone, host)
    suspend_updates(uuid, zone, state, host)
    return state


STEPS: dict[str, Callable[[PrimaryHost, Name, UUID], object]] = {
    "suspended": suspend,
    "replaced": lambda host, zone, uuid: replace_file(uuid, zone, suspend(host, zone, uuid), host),
    "loaded": lambda host, zone, uuid: publish(host, zone, uuid, small_zone(zone, 3)),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_restart_after_any_step_serves_no_older_version(
    host: PrimaryHost, pair: Pair, zone: Name, updated: UUID, step: str
) -> None:
    host.files.stage(updated, small_zone(zone, 3))
    STEPS[step](host, zone, updated)
    if step == "loaded":  # else named may be killed while it creates its journal: see below
        pair.wait_for_serial(pair.primary, zone, 3)
    restart(pair)
    pair.wait_for_serial(pair.primary, zone, 2 if step == "suspended" else 3)
    publish(host, zone, updated, small_zone(zone, 4))
    pair.wait_for_serial(pair.primary, zone, 4)
    wait_for(lambda: update_small_zone(pair, zone, 5, "192.0.2.5") == NOERROR, "updates are accepted again")


def test_an_empty_journal_that_a_killed_named_left_is_removed(
    host: PrimaryHost, pair: Pair, zone: Name, updated: UUID
) -> None:
    publish(host, zone, updated, small_zone(zone, 3))
    pair.wait_for_serial(pair.primary, zone, 3)
    pair.ns1.stop(signal.SIGKILL)
    journal_of(host, updated).write_bytes(b"")
    pair.ns1.start()
    pair.wait_for_any_serial(pair.primary, pair.catalog)
    assert pair.serial(pair.primary, zone) is None
    publish(host, zone, updated, small_zone(zone, 3))
    pair.wait_for_serial(pair.primary, zone, 3)


def test_the_former_file_is_the_version_that_was_served(
    host: PrimaryHost, pair: Pair, zone: Name, updated: UUID
) -> None:
    publish(host, zone, updated, b"broken")
    assert update_small_zone(pair, zone, 3, "192.0.2.3") == REFUSED
    restore_file(updated, zone, host)
    assert host.files.head(updated) == FileHead(zone, 2, by_named=True)
    wait_for(lambda: update_small_zone(pair, zone, 3, "192.0.2.3") == NOERROR, "updates are accepted again")
    restart(pair)
    pair.wait_for_serial(pair.primary, zone, 3)


def test_a_new_zone_takes_updates(host: PrimaryHost, pair: Pair, zone: Name) -> None:
    assert publish(host, zone, uuid4(), small_zone(zone, 1)) is None
    pair.wait_for_serial(pair.primary, zone, 1)
    assert update_small_zone(pair, zone, 2, "192.0.2.2") == NOERROR


def test_a_new_zone_is_served_once_it_was_added(host: PrimaryHost, pair: Pair, zone: Name) -> None:
    uuid = uuid4()
    host.files.stage(uuid, small_zone(zone, 1))
    replace_file(uuid, zone, None, host)
    assert load_file(uuid, zone, None, host)
    answer = query_all([(pair.primary, zone)], timeout=5)[pair.primary, zone]
    assert answer and answer.serial == 1
    assert not load_file(uuid, zone, host.control.zone_state(zone), host)


def test_updates_from_another_address_are_refused(pair: Pair, zone: Name, updated: UUID) -> None:
    assert update_small_zone(pair, zone, 3, "192.0.2.3", source="127.0.0.2") == REFUSED
    assert update_small_zone(pair, zone, 3, "192.0.2.3") == NOERROR


def test_a_zone_that_is_not_loaded_is_published(host: PrimaryHost, pair: Pair, zone: Name, updated: UUID) -> None:
    pair.ns1.stop(signal.SIGKILL)
    host.files.path(updated).write_bytes(b"broken")
    pair.ns1.start()
    pair.wait_for_any_serial(pair.primary, pair.catalog)
    state = publish(host, zone, updated, small_zone(zone, 3))
    assert state == ZoneState(str(host.files.path(updated)))
    pair.wait_for_serial(pair.primary, zone, 3)
    wait_for(lambda: update_small_zone(pair, zone, 4, "192.0.2.4") == NOERROR, "updates are accepted")


class Elapsing:
    """A clock of which each pause takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, _: float) -> None:
        self.now += 1


def test_a_file_that_named_does_not_write_is_not_awaited_for_ever(host: PrimaryHost, pair: Pair, zone: Name) -> None:
    uuid, clock = pair.create(zone, 1), Elapsing()
    assert await_file(uuid, zone, 1, host, clock.monotonic, clock.sleep) and clock.now == 0
    assert not await_file(uuid, zone, 2, host, clock.monotonic, clock.sleep) and clock.now > 0
    ended = replace(host, control=Control(RndcConnection(Endpoint(LOOPBACK, free_port()), pair.control_key)))
    with pytest.raises(CommandError):
        await_file(uuid, zone, 2, ended, clock.monotonic, clock.sleep)


def test_what_holds_no_older_version_is_not_awaited(host: PrimaryHost, pair: Pair, zone: Name) -> None:
    uuid, clock = pair.create(zone, 7), Elapsing()
    for serial in (None, 6):
        assert await_file(uuid, zone, serial, host, clock.monotonic, clock.sleep)
    host.files.path(uuid).write_bytes(b"broken")
    assert await_file(uuid, zone, 8, host, clock.monotonic, clock.sleep)
    host.files.path(uuid).unlink()
    assert await_file(uuid, zone, 8, host, clock.monotonic, clock.sleep)
    assert clock.now == 0


class Counted:
    """A transport that counts the commands that it sends."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.sent: list[str] = []

    def command(self, *words: str) -> str:
        self.sent.append(words[0])
        return self._transport.command(*words)


def test_no_more_commands_are_sent_than_needed(host: PrimaryHost, pair: Pair, zone: Name) -> None:
    counted, uuid = Counted(pair.connection), uuid4()
    watched = replace(host, control=Control(counted))
    publish(watched, zone, uuid, small_zone(zone, 1))
    pair.wait_for_serial(pair.primary, zone, 1)
    publish(watched, zone, uuid, small_zone(zone, 2))
    pair.wait_for_serial(pair.primary, zone, 2)
    for _ in range(2):  # the second time there is nothing to withdraw
        withdraw_zone(zone, watched)
    assert counted.sent == ["addzone", "zonestatus", "freeze", "thaw", "delzone", "delzone"]
    pair.wait_for_serial(pair.primary, zone, None)
