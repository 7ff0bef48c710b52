"""Files behind publications by UPDATE, with a real pair: they follow, and nobody's file stays in their place."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.compiler import compile_zone
from appliance.deploy.host import PrimaryHost
from appliance.deploy.loop import Deployer
from appliance.errors import CommandFailed
from appliance.queries.transfer import axfr
from appliance.render.zone_file import serial_of
from appliance.settings import DeployerSettings
from appliance.store import deployments, heartbeat, wakeup, zones
from appliance.zones.deployment import Method
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from tests.deploy.test_loop import step_until
from tests.pair import Pair
from tests.workspace import Workspace

PATIENCE = 30.0
NUMBERS = count()


@pytest.fixture
def deployer(host: PrimaryHost, workspace: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    """A deployer that compares everything each second."""
    settings = DeployerSettings(poll_interval=10, quiet_time=0, reconcile_interval=1)
    with wakeup.listen(tmp_path / "wakeups") as wakeups:
        running = Deployer(host, workspace.store, workspace.editor, settings, wakeups, workspace.clock)
        try:
            yield running
        finally:
            running.close()


@pytest.fixture
def zone(deployer: Deployer, pair: Pair, workspace: Workspace) -> Zone:
    """A zone whose last change was published by UPDATE."""
    created = workspace.zone(f"behind{next(NUMBERS)}.test")
    for value in ("192.0.2.1", "192.0.2.2"):
        step_until(deployer, lambda: is_live(created), "live", PATIENCE)
        workspace.add(created, "A", "www", value)
    step_until(deployer, lambda: is_live(created), "live", PATIENCE)
    return zones.get_any(created.uuid)


def is_live(zone: Zone) -> bool:
    (status,) = deployments.statuses([zone.uuid])
    return status.live_serial == status.serial == status.proven


def has_followed(host: PrimaryHost, zone: Zone) -> Callable[[], bool]:
    """Return a condition: the file is what is stored now, and known as published."""

    def holds() -> bool:
        (status,) = deployments.statuses([zone.uuid])
        content = compile_zone(zones.get_any(zone.uuid), host.apex).content
        is_known = status.published is not None and status.published.serial == status.serial
        return is_known and host.files.read_live(zone.uuid) == content

    return holds


def test_a_file_follows_an_update(deployer: Deployer, host: PrimaryHost, pair: Pair, zone: Zone) -> None:
    (status,) = deployments.statuses([zone.uuid])
    assert status.published and status.published.method is Method.UPDATE
    behind = serial_of(host.files.read_live(zone.uuid))
    step_until(deployer, has_followed(host, zone), "the file follows", PATIENCE)
    assert behind != zone.serial and pair.serial(pair.primary, zone.name) == zone.serial
    assert host.files.journal_size(zone.uuid) > 0


def test_a_file_that_named_wrote_is_replaced(
    deployer: Deployer, host: PrimaryHost, pair: Pair, zone: Zone, caplog: pytest.LogCaptureFixture
) -> None:
    step_until(deployer, has_followed(host, zone), "the file follows", PATIENCE)
    content = host.files.read_live(zone.uuid)
    host.files.path(zone.uuid).write_bytes(b"$ORIGIN .\n" + content)
    with caplog.at_level(logging.WARNING):
        step_until(deployer, has_followed(host, zone), "it is replaced", PATIENCE)
    assert "event=file-touched" not in caplog.text and zones.get_any(zone.uuid).serial == zone.serial


def test_an_edited_file_is_replaced_under_the_same_serial(
    deployer: Deployer, host: PrimaryHost, pair: Pair, zone: Zone, caplog: pytest.LogCaptureFixture
) -> None:
    step_until(deployer, has_followed(host, zone), "the file follows", PATIENCE)
    file = host.files.path(zone.uuid)
    file.write_bytes(file.read_bytes().replace(b"192.0.2.1", b"203.0.113.9"))
    with caplog.at_level(logging.WARNING):
        step_until(deployer, has_followed(host, zone), "it is replaced", PATIENCE)
    assert "event=file-touched" in caplog.text and zones.get_any(zone.uuid).serial == zone.serial
    assert pair.serial(pair.primary, zone.name) == zone.serial


def test_updates_that_an_operator_suspended_are_resumed(
    deployer: Deployer, host: PrimaryHost, pair: Pair, workspace: Workspace, zone: Zone
) -> None:
    pair.control.suspend_updates(zone.name)
    workspace.add(zone, "A", "www", "192.0.2.3")
    step_until(deployer, lambda: is_live(zone), "live", PATIENCE)
    (status,) = deployments.statuses([zone.uuid])
    assert status.published and status.published.method is Method.FILE
    workspace.add(zone, "A", "www", "192.0.2.4")
    step_until(deployer, lambda: is_live(zone), "live again", PATIENCE)
    (status,) = deployments.statuses([zone.uuid])
    assert status.published and status.published.method is Method.UPDATE


def test_a_secondary_that_transferred_other_content_under_the_right_serial_transfers_it_again(
    deployer: Deployer,
    host: PrimaryHost,
    pair: Pair,
    workspace: Workspace,
    zone: Zone,
    caplog: pytest.LogCaptureFixture,
) -> None:
    step_until(deployer, has_followed(host, zone), "the file follows", PATIENCE)
    step_until(deployer, lambda: compared_on(pair.secondary.name), "the secondary is compared", PATIENCE)
    file, later = host.files.path(zone.uuid), zone.serial + 1
    planted = file.read_text().replace(str(zone.serial), str(later)).replace("192.0.2.1", "203.0.113.9")
    pair.control.suspend_updates(zone.name)
    file.write_text(planted)
    pair.control.resume_updates(zone.name)
    pair.wait_for_serial(pair.primary, zone.name, later)
    pair.notify(zone.name)
    pair.wait_for_serial(pair.secondary, zone.name, later)
    workspace.editor.raise_serial(zone.uuid, zone.serial)
    pair.ns1.stop(signal.SIGKILL)
    host.files.remove_journal(zone.uuid)
    file.write_bytes(compile_zone(zones.get_any(zone.uuid), host.apex).content)
    pair.ns1.start()
    pair.wait_for_serial(pair.primary, zone.name, later)
    assert addresses(pair.secondary, pair, zone) == {"203.0.113.9", "192.0.2.2"}
    with caplog.at_level(logging.WARNING):
        step_until(
            deployer,
            lambda: addresses(pair.secondary, pair, zone) == {"192.0.2.1", "192.0.2.2"},
            "the secondary has what is stored",
            PATIENCE,
        )
    assert f"event=nameserver-differs zone={print_domain(zone.name)} nameserver={pair.secondary.name}" in caplog.text
    assert f"nameserver={pair.primary.name}" not in caplog.text
    step_until(deployer, lambda: is_live(zone), "live", PATIENCE)


def compared_on(nameserver: str) -> bool:
    """Return True if the deployer has reported that it compared a zone on this nameserver."""
    latest = heartbeat.last()
    return latest is not None and latest.figures.get("audited_zones", {}).get(nameserver, 0) > 0


def addresses(server: Nameserver, pair: Pair, zone: Zone) -> set[str]:
    """Return the addresses in the zone that the nameserver transfers; none if it does not."""
    try:
        rows = axfr(server, zone.name, pair.transfer_key)
    except CommandFailed:
        return set()
    return {str(row.rdata) for row in rows if row.rdtype == RdataType.A}
