"""Changes by UPDATE, with a real pair: what goes by UPDATE and what by file, and what follows each answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dns.name
import dns.query
import dns.tsig
import dns.update
import dns.zone
import pytest
from dns.name import Name
from dns.rcode import Rcode

from appliance.addresses import LOOPBACK, Endpoint, Nameserver
from appliance.compiler import compile_zone
from appliance.deploy.host import PrimaryHost
from appliance.deploy.loop import Deployer
from appliance.nameserver.update_messages import UpdateMessage, update_messages
from appliance.queries.transfer import axfr
from appliance.settings import DeployerSettings
from appliance.store import deployments, wakeup, zones
from appliance.store.deployments import ZoneStatus
from appliance.zones.delta import Delta, VersionDelta, WireSoa
from appliance.zones.deployment import Method
from appliance.zones.model import Zone
from tests.deploy.test_loop import step_until
from tests.deployed import store_proof
from tests.pair import Pair
from tests.proxy import Proxy
from tests.workspace import Workspace


@contextmanager
def started(host: PrimaryHost, workspace: Workspace, folder: Path) -> Iterator[Deployer]:
    """Yield a deployer that has ended its first reconciliation."""
    settings = DeployerSettings(poll_interval=10, quiet_time=0)
    with wakeup.listen(folder / "wakeups") as wakeups:
        deployer = Deployer(host, workspace.store, workspace.editor, settings, wakeups, workspace.clock)
        try:
            settle(deployer)
            yield deployer
        finally:
            deployer.close()


@pytest.fixture
def deployer(host: PrimaryHost, workspace: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    """A deployer of the workspace's zones to the pair."""
    with started(host, workspace, tmp_path) as running:
        yield running


def settle(deployer: Deployer) -> None:
    """Read the journal at least once, and step until nothing is left to do."""
    deployer.step()
    step_until(deployer, lambda: deployer.is_settled, "nothing is left to do")


def live_zone(deployer: Deployer, workspace: Workspace, domain: str) -> Zone:
    """Return a new zone with one record, which is live."""
    zone = workspace.zone(domain)
    workspace.add(zone, "A", "www", "192.0.2.1")
    settle(deployer)
    return zone


def status_of(zone: Zone) -> ZoneStatus:
    (status,) = deployments.statuses([zone.uuid])
    return status


def method_of(zone: Zone) -> Method | None:
    published = status_of(zone).published
    return published.method if published else None


def assert_live(zone: Zone, pair: Pair, workspace: Workspace) -> None:
    """Assert that both nameservers serve the zone as it is stored, and that this is recorded."""
    status = status_of(zone)
    assert (status.live_serial, status.proven, status.error) == (status.serial, status.serial, None)
    present = zones.get_any(zone.uuid)
    wanted = compile_zone(present, workspace.editor.apex).content.decode()
    wanted_zone = dns.zone.from_text(wanted, zone.name, relativize=False)
    for server in (pair.primary, pair.secondary):
        served = {(one.owner, one.ttl, one.rdata) for one in axfr(server, zone.name, pair.transfer_key)}
        assert served == {(owner, ttl, rdata) for owner, ttl, rdata in wanted_zone.iterate_rdatas()}, server.name


def test_a_change_goes_by_update_and_leaves_the_file(deployer: Deployer, pair: Pair, workspace: Workspace) -> None:
    zone = live_zone(deployer, workspace, "quick.example")
    before = pair.files.digest(zone.uuid)
    record = workspace.add(zone, "MX", "@", "mail.quick.example.", priority=10)
    settle(deployer)
    workspace.editor.delete_record(workspace.owner, record.uuid)
    for number in range(5):
        workspace.add(zone, "TXT", "many", f"text {number}")
    settle(deployer)
    assert method_of(zone) is Method.UPDATE
    assert pair.files.digest(zone.uuid) == before
    assert_live(zone, pair, workspace)


def test_what_is_new_or_concerns_the_zone_itself_goes_by_file(
    deployer: Deployer, pair: Pair, workspace: Workspace
) -> None:
    zone = live_zone(deployer, workspace, "above.example")
    assert method_of(zone) is Method.FILE
    child = live_zone(deployer, workspace, "below.above.example")
    assert method_of(zone) is method_of(child) is Method.FILE
    workspace.add(zone, "A", "other", "192.0.2.2")
    settle(deployer)
    assert method_of(zone) is Method.UPDATE
    for one in (zone, child):
        assert_live(one, pair, workspace)


def without_one_record(zone: Name, soa: WireSoa, serial: int, versions: Sequence[VersionDelta]) -> list[UpdateMessage]:
    """Leave one added record out, as BIND does with what it does not accept."""
    last = versions[-1]
    planted = Delta(last.delta.removed, frozenset(sorted(last.delta.added)[1:]))
    return update_messages(zone, soa, serial, [*versions[:-1], VersionDelta(last.serial, planted)])


def test_what_an_update_left_out_is_found_and_published_by_file(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    zone = workspace.zone("planted.example")
    with started(replace(host, messages=without_one_record), workspace, tmp_path) as deployer:
        workspace.add(zone, "A", "www", "192.0.2.1")
        changed = zones.get_any(zone.uuid).serial
        settle(deployer)
    assert "event=content-differs zone=planted.example" in caplog.text
    assert status_of(zone).serial == changed + 1 and method_of(zone) is Method.FILE
    assert_live(zone, pair, workspace)


def update_by_hand(pair: Pair, zone: Name) -> None:
    """Add a record as another program that has the key; the primary chooses the serial."""
    key = dns.tsig.Key(pair.update_key.name, pair.update_key.secret, pair.update_key.algorithm)
    message = dns.update.UpdateMessage(zone, keyring=key)
    message.add(dns.name.from_text("theirs", zone), 300, "A", "192.0.2.66")
    endpoint = pair.primary.endpoint
    assert dns.query.udp(message, endpoint.host, timeout=5, port=endpoint.port).rcode() == Rcode.NOERROR


def test_an_update_of_somebody_else_is_found_and_replaced(deployer: Deployer, pair: Pair, workspace: Workspace) -> None:
    zone = live_zone(deployer, workspace, "updated-by-others.example")
    update_by_hand(pair, zone.name)
    workspace.add(zone, "A", "ours", "192.0.2.2")
    settle(deployer)
    assert method_of(zone) is Method.FILE
    assert_live(zone, pair, workspace)


@pytest.mark.parametrize("lost", [1, 4])
def test_a_lost_answer_is_decided_by_what_is_served(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path, lost: int
) -> None:
    with Proxy(pair.primary.endpoint.port) as proxy:
        behind = Nameserver(pair.primary.name, Endpoint(LOOPBACK, proxy.port))
        with started(replace(host, nameservers=(behind, pair.secondary)), workspace, tmp_path) as deployer:
            zone = live_zone(deployer, workspace, f"lost-{lost}.example")
            proxy.lost_answers = lost
            workspace.add(zone, "A", "second", "192.0.2.2")
            settle(deployer)
            assert proxy.lost_answers == 0
    assert method_of(zone) is Method.UPDATE
    assert_live(zone, pair, workspace)


def test_an_update_that_never_arrived_is_sent_again(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path
) -> None:
    with Proxy(pair.primary.endpoint.port) as proxy:
        behind = Nameserver(pair.primary.name, Endpoint(LOOPBACK, proxy.port))
        with started(replace(host, nameservers=(behind, pair.secondary)), workspace, tmp_path) as deployer:
            zone = live_zone(deployer, workspace, "never.example")
            proxy.lost_updates = 4
            workspace.add(zone, "A", "second", "192.0.2.2")
            settle(deployer)
    assert method_of(zone) is Method.UPDATE
    assert_live(zone, pair, workspace)


def test_an_update_whose_proof_was_not_stored_is_proven_after_a_restart(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path
) -> None:
    with started(host, workspace, tmp_path) as deployer:
        zone = live_zone(deployer, workspace, "restarted.example")
        workspace.add(zone, "A", "second", "192.0.2.2")
        settle(deployer)
        served = status_of(zone)
    with workspace.store.writing():
        store_proof(zone.uuid, served.serial - 1)
    with started(host, workspace, tmp_path):
        assert status_of(zone).serial == served.serial
    assert method_of(zone) is Method.UPDATE
    assert_live(zone, pair, workspace)


def test_a_zone_whose_updates_are_suspended_goes_by_file(deployer: Deployer, pair: Pair, workspace: Workspace) -> None:
    zone = live_zone(deployer, workspace, "suspended.example")
    pair.control.suspend_updates(zone.name)
    workspace.add(zone, "A", "second", "192.0.2.2")
    settle(deployer)
    assert method_of(zone) is Method.FILE
    workspace.add(zone, "A", "third", "192.0.2.3")
    settle(deployer)
    assert method_of(zone) is Method.UPDATE
    assert_live(zone, pair, workspace)
