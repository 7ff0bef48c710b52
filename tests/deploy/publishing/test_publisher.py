"""What a nameserver must show, and how files reach the primary."""

from __future__ import annotations

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.publisher import FilePublisher, SerialServed, ZoneAbsent
from tests.deploy.builders import NS1, answered
from tests.pair import Pair
from tests.workspace import Workspace


@pytest.fixture
def publisher(host: PrimaryHost, workspace: Workspace) -> FilePublisher:
    """A publisher of the workspace's zones to the pair."""
    return FilePublisher(host, workspace.store, workspace.editor)


@pytest.mark.parametrize(
    ("served", "is_met", "is_ahead"),
    [(7, True, False), (9, True, True), (6, False, False), (None, False, False), (7 + 2**31, False, True)],
)
def test_a_serial_is_met_by_itself_and_by_later_ones(served: int | None, is_met: bool, is_ahead: bool) -> None:
    expected, answer = SerialServed(7), answered(NS1, "example.com", served)
    assert (expected.is_met_by(answer), expected.is_ahead(answer)) == (is_met, is_ahead)


def test_a_removal_is_met_by_no_serial_alone() -> None:
    for served in (None, 7):
        answer = answered(NS1, "example.com", served)
        assert ZoneAbsent().is_met_by(answer) is (served is None)
        assert not ZoneAbsent().is_ahead(answer)


def test_every_nameserver_must_reach_the_serial_in_the_file(publisher: FilePublisher, pair: Pair) -> None:
    for server in (pair.primary, pair.secondary):
        assert publisher.expected(7, server) == SerialServed(7)
        assert publisher.expected(None, server) == ZoneAbsent()


def test_a_zone_is_published_restored_and_withdrawn(publisher: FilePublisher, pair: Pair, workspace: Workspace) -> None:
    zone = workspace.zone("published.example")
    (first,) = publisher.publish([(zone.uuid, zone.name)])
    assert (first.serial, first.error) == (zone.serial, None)
    pair.wait_for_serial(pair.primary, zone.name, zone.serial)
    before = pair.files.read_live(zone.uuid)
    workspace.add(zone, "A", "www", "192.0.2.1")
    publisher.publish([(zone.uuid, zone.name)])
    pair.wait_for_serial(pair.primary, zone.name, zone.serial + 1)
    publisher.restore(zone.uuid, zone.name)
    assert pair.files.read_live(zone.uuid) == before
    publisher.withdraw(zone.name)
    pair.wait_for_serial(pair.primary, zone.name, None)
