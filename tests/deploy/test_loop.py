"""The loop with a real pair: what a silent nameserver, a locked store or a slow check delays, and what not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import dns.name
import peewee as pw
import pytest
from dns.rdatatype import RdataType

from appliance.addresses import Endpoint, Nameserver
from appliance.deploy.catalog import members_of
from appliance.deploy.host import PrimaryHost
from appliance.deploy.loop import Deployer
from appliance.errors import StoreError
from appliance.keys import new_key
from appliance.nameserver.catalog import CatalogUpdates
from appliance.nameserver.checks import ZoneChecker
from appliance.queries.lookup import send_query
from appliance.settings import DeployerSettings
from appliance.store import holds, wakeup, zones
from appliance.store.file import sqlite
from appliance.zones.catalog import FIRST_SERIAL, member_label
from appliance.zones.model import Zone
from appliance.zones.own_records import OwnAddress
from appliance.zones.ownership import HoldReason
from tests.pair import LOOPBACK, Pair, program, wait_for
from tests.proxy import Fault, Proxy
from tests.workspace import SERVERS, Workspace

SLOW_CHECK = """#!/bin/sh
[ "$1" != -v ] || exec {checker} -v
echo start >> {folder}/checks
while [ -e {folder}/closed ]; do sleep 0.01; done
echo end >> {folder}/checks
exec {checker} "$@"
"""


@contextmanager
def started(host: PrimaryHost, workspace: Workspace, folder: Path) -> Iterator[Deployer]:
    """Yield a deployer that polls the store every few milliseconds; `step_until` runs it."""
    settings = DeployerSettings(poll_interval=10, quiet_time=0)
    with wakeup.listen(folder / "wakeups") as wakeups:
        deployer = Deployer(host, workspace.store, workspace.editor, settings, wakeups, workspace.clock)
        try:
            step_until(deployer, lambda: deployer.is_settled, "the first reconciliation")
            yield deployer
        finally:
            deployer.close()


@pytest.fixture
def deployer(host: PrimaryHost, workspace: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    """A deployer of the workspace's zones to the pair."""
    with started(host, workspace, tmp_path) as running:
        yield running


def step_until(deployer: Deployer, condition: Callable[[], object], what: str, seconds: float = 15.0) -> None:
    """Run steps until the condition holds; after an error of the store comes the next step, as in `run`."""

    def stepped() -> object:
        with suppress(pw.OperationalError, StoreError):
            deployer.step()
        return condition()

    wait_for(stepped, what, seconds)


def serves(pair: Pair, zone: Zone, serial: int) -> Callable[[], bool]:
    return lambda: pair.serial(pair.primary, zone.name) == serial


def both_serve(pair: Pair, zone: Zone) -> Callable[[], bool]:
    return lambda: {pair.serial(server, zone.name) for server in (pair.primary, pair.secondary)} == {zone.serial}


class KeptUpdates(CatalogUpdates):
    """Updates of the pair's catalog; `added` are the labels of all additions that were sent."""

    def __init__(self, pair: Pair) -> None:
        super().__init__(pair.primary.endpoint, pair.catalog, pair.update_key)
        self.added: list[str] = []

    def change(self, remove: Iterable[str], add: Mapping[str, dns.name.Name], serial: int | None = None) -> None:
        """Send the update and keep the labels."""
        self.added += add
        super().change(remove, add, serial)


def test_a_zone_created_again_does_not_wait_for_a_silent_secondary(
    deployer: Deployer, pair: Pair, workspace: Workspace
) -> None:
    old = workspace.zone("again.example")
    step_until(deployer, both_serve(pair, old), "live")
    pair.ns2.pause()
    try:
        workspace.editor.delete_zone(workspace.owner, old.uuid)
        step_until(deployer, lambda: pair.serial(pair.primary, old.name) is None, "withdrawn")
        new = workspace.zone("again.example")
        step_until(deployer, serves(pair, new, new.serial), "the primary serves the new zone")
    finally:
        pair.ns2.resume()
    step_until(deployer, both_serve(pair, new), "so does the secondary")


def test_a_new_zone_is_added_to_the_catalog_once(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path
) -> None:
    updates = KeptUpdates(pair)
    with started(replace(host, updates=updates), workspace, tmp_path) as deployer:
        zone = workspace.zone("listed.example")
        step_until(deployer, lambda: both_serve(pair, zone)() and deployer.is_settled, "live")
        assert updates.added.count(member_label(zone.uuid)) == 1


def test_a_held_zone_is_published_once_it_is_released(deployer: Deployer, pair: Pair, workspace: Workspace) -> None:
    former = workspace.zone("held.example")
    step_until(deployer, both_serve(pair, former), "live")
    workspace.editor.delete_zone(workspace.owner, former.uuid)
    zone = workspace.zone("held.example")
    with workspace.store.writing():
        holds.insert(zone.uuid, "a-token", HoldReason.ALWAYS, workspace.clock())
    step_until(deployer, lambda: pair.serial(pair.primary, zone.name) is None, "the former zone is withdrawn")
    step_until(deployer, lambda: deployer.is_settled, "nothing is left to do")
    assert pair.serial(pair.primary, zone.name) is None
    workspace.editor.release_zone(replace(workspace.owner, permissions=frozenset({"admin:*"})), zone.uuid)
    step_until(deployer, both_serve(pair, zone), "live")


def test_a_store_that_refuses_writes_holds_no_name(deployer: Deployer, pair: Pair, workspace: Workspace) -> None:
    zones = [workspace.zone(f"locked{number}.example") for number in range(3)]
    with closing(sqlite.connect(workspace.store.path)) as other:
        other.execute("begin immediate")
        for zone in zones:
            step_until(deployer, serves(pair, zone, zone.serial), f"{zone.name} is served while the store is locked")
        with pytest.raises((pw.OperationalError, StoreError)):
            wait_for(deployer.step, "a step that the store refuses")
        other.execute("rollback")
    for zone in zones:
        workspace.add(zone, "A", "www", "192.0.2.1")
    for zone in zones:
        step_until(deployer, serves(pair, zone, zone.serial + 1), f"{zone.name} is deployed again")


def test_a_late_secondary_gives_no_second_worker_to_a_zone(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path
) -> None:
    checker = tmp_path / "checker"
    checker.write_text(SLOW_CHECK.format(folder=tmp_path, checker=program("named-checkzone")))
    checker.chmod(0o755)
    by_file = replace(host, update_key=new_key("unknown"))
    slow = replace(by_file, checker=ZoneChecker(str(checker), program("named-checkconf")))
    with started(slow, workspace, tmp_path) as deployer:
        zone = workspace.zone("workers.example")
        step_until(deployer, both_serve(pair, zone), "live")
        checks, closed = tmp_path / "checks", tmp_path / "closed"
        pair.ns2.pause()
        workspace.add(zone, "A", "first", "192.0.2.1")
        step_until(deployer, serves(pair, zone, zone.serial + 1), "the primary serves the first change")
        closed.touch()
        seen = checks.read_text()
        workspace.add(zone, "A", "second", "192.0.2.1")
        step_until(deployer, lambda: checks.read_text() != seen, "a worker has the second change")
        workspace.add(zone, "A", "third", "192.0.2.1")
        pair.ns2.resume()
        step_until(deployer, lambda: not deployer.awaited, "the secondary serves the first change")
        deployer.step()
        closed.unlink()
        step_until(deployer, serves(pair, zone, zone.serial + 3), "all changes")
        assert checks.read_text().split() == ["start", "end"] * 4


def test_a_catalog_whose_members_cannot_be_read_is_not_raised(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path
) -> None:
    theirs = dns.name.from_text("theirs.example")
    pair.create(theirs, 5)
    pair.wait_for_serial(pair.secondary, theirs, 5)
    pair.lose_catalog()
    with Proxy(pair.secondary.endpoint.port) as way:
        way.set_fault(Fault.CUT, str(pair.catalog))
        behind = Nameserver(pair.secondary.name, Endpoint(LOOPBACK, way.port))
        with started(replace(host, nameservers=(pair.primary, behind)), workspace, tmp_path) as deployer:
            step_until(deployer, lambda: deployer.reconciliations > 1, "two reconciliations")
            assert pair.serial(pair.primary, pair.catalog) == FIRST_SERIAL
            way.clear_fault()
            step_until(deployer, lambda: (pair.serial(pair.primary, pair.catalog) or 0) > FIRST_SERIAL, "adopted")
            assert theirs in (members_of(host, pair.primary) or {}).values()
    assert pair.serial(pair.secondary, theirs) == 5


def test_the_zone_of_the_nameservers_is_served_with_their_addresses(
    host: PrimaryHost, pair: Pair, workspace: Workspace, tmp_path: Path
) -> None:
    operator = replace(workspace.owner, permissions=frozenset({"admin:*"}))
    apex = replace(host.apex, addresses=own_addresses("192.0.2.1"))
    other = workspace.zone("other.example")
    with started(replace(host, apex=apex), workspace, tmp_path) as deployer:
        zone = workspace.editor.create_zone(operator, "appliance.test")
        for one in (zone, other):
            step_until(deployer, both_serve(pair, one), "live")
        assert addresses(pair) == {"192.0.2.1"} and pair.serial(pair.secondary, pair.catalog)
    moved = replace(host, apex=replace(apex, addresses=own_addresses("192.0.2.2")))
    with started(moved, workspace, tmp_path) as deployer:
        step_until(deployer, lambda: addresses(pair) == {"192.0.2.2"}, "the new address is served")
        assert zones.get_any(other.uuid).serial == other.serial, "no other zone depends on it"


def own_addresses(address: str) -> tuple[OwnAddress, ...]:
    """Return that address for each nameserver of the workspace."""
    return tuple(OwnAddress(server, RdataType.A, address) for server in SERVERS)


def addresses(pair: Pair) -> set[str]:
    """Return the addresses of the nameservers' names, as both answer them."""
    replies = [send_query(one, name, RdataType.A) for one in (pair.primary, pair.secondary) for name in SERVERS]
    return {rdata.address for reply in replies for rrset in reply.answer for rdata in rrset}
