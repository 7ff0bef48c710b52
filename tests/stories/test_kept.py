"""No served zone disappears without a recorded deletion, and serials only increase."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from appliance.store.file import sqlite
from appliance.store.file.database import Store
from appliance.zones.serial import HALF, MODULUS, is_later
from tests.appliance import Appliance, Client
from tests.pair import LOOPBACK, wait_for

OLD, NEW = b"\xc0\0\2\1", b"\xc0\0\2\2"


@contextmanager
def reconciled_often() -> Iterator[Appliance]:
    """Yield an appliance with frequent reconciliation."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DNS_APPLIANCE_DEPLOYER_RECONCILE_INTERVAL", "2")
        environment.setenv("DNS_APPLIANCE_DOORS_UPDATE", "")
        with Appliance() as running:
            yield running


@pytest.fixture
def own() -> Iterator[Appliance]:
    """An appliance for one test."""
    with reconciled_often() as running:
        yield running


@pytest.fixture(scope="module")
def common() -> Iterator[Appliance]:
    """An appliance for all tests that keep its store."""
    with reconciled_often() as running:
        yield running


@pytest.fixture
def api(own: Appliance) -> Client:
    """A client of its API."""
    return client_of(own)


def client_of(appliance: Appliance) -> Client:
    return appliance.client(appliance.token("kept@example.org"))


def store_of(appliance: Appliance) -> Path:
    return appliance.state / "store" / "store.sqlite3"


def served(appliance: Appliance, name: str) -> list[frozenset[bytes]]:
    return [appliance.answer(name, "A", server)[1] for server in (1, 2)]


def set_serial(appliance: Appliance, uuid: str, serial: int) -> None:
    with closing(sqlite.connect(store_of(appliance))) as database, database:
        database.execute("update zone set serial = ? where uuid = ?", (serial, UUID(uuid).hex))


def replace_store(appliance: Appliance, copy: Path) -> None:
    """Replace the store while no process uses it."""
    for file in store_of(appliance).parent.glob("store.sqlite3*"):
        file.unlink()
    shutil.copy(copy, store_of(appliance))


def test_an_older_store_removes_nothing(own: Appliance, api: Client, tmp_path: Path) -> None:
    zone, early = api.zone("older.example"), tmp_path / "early.sqlite3"
    record = api.record(zone, "A", "www", "192.0.2.1")
    api.wait_until_live(zone)
    with closing(sqlite.connect(store_of(own))) as source:
        source.execute("vacuum into ?", (str(early),))
    for _ in range(3):
        api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.2"})
        api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.3"})
    younger = api.zone("younger.example")
    api.record(younger, "A", "www", "192.0.2.1")
    before = api.wait_until_live(zone)["serial"]
    api.wait_until_live(younger)
    own.stop()
    replace_store(own, early)
    own.start()
    wait_for(lambda: served(own, "www.older.example") == [{OLD}, {OLD}], "the store's content is served")
    assert is_later(api.wait_until_live(zone)["serial"], before)
    assert served(own, "www.younger.example") == [{OLD}, {OLD}]
    problem = "zone younger.example is served but not in the database"
    wait_for(lambda: problem in own.get("/readyz").text, "the API reports the unknown zone")
    assert problem in status_of(own)
    assert "dns_appliance_unknown_zones 1.0" in own.get("/metrics").text
    wait_for(lambda: problem in own.log("deployer"), "the log names the unknown zone")
    again = api.zone("younger.example")
    api.record(again, "A", "www", "192.0.2.2")
    wait_for(lambda: served(own, "www.younger.example") == [{NEW}, {NEW}], "a new zone of that name replaces it")


def test_an_empty_store_removes_nothing_until_an_operator_says_so(own: Appliance, api: Client, tmp_path: Path) -> None:
    zones = [api.zone(f"kept-{number}.example") for number in range(3)]
    for zone in zones:
        api.record(zone, "A", "www", "192.0.2.1")
        api.wait_until_live(zone)
    own.stop()
    Store(tmp_path / "empty.sqlite3").create_or_migrate()
    replace_store(own, tmp_path / "empty.sqlite3")
    own.start()
    for zone in zones:
        reported = f"zone {zone['domain']} is served"
        wait_for(lambda text=reported: text in own.get("/readyz").text, "it is reported")  # type: ignore[misc]
        assert reported in status_of(own)
        assert served(own, f"www.{zone['domain']}") == [{OLD}, {OLD}]
    assert "3 unknown zones will be removed" in own.command("deployer", "--allow-removals")
    for zone in zones:
        wait_for(lambda d=zone["domain"]: served(own, f"www.{d}") == [set(), set()], "it is removed")  # type: ignore[misc]
    wait_for(lambda: "is served but not in the database" not in own.get("/readyz").text, "none is reported")
    assert "is served but not in the database" not in status_of(own)


def test_a_missing_store_is_never_created_again(own: Appliance, api: Client) -> None:
    zone = api.zone("missing.example")
    api.record(zone, "A", "www", "192.0.2.1")
    api.wait_until_live(zone)
    for file in store_of(own).parent.glob("store.sqlite3*"):
        file.rename(file.with_name(f"away-{file.name}"))
    assert api("POST", "/dns-zones/", {"domain": "lost.example"}).status_code == 503
    assert not store_of(own).exists()
    assert served(own, "www.missing.example") == [{OLD}, {OLD}]
    own.stop()
    assert "is missing or empty: restore a backup of it" in own.command(
        "run", "--dns-port", str(own.ports.dns), "--api", f"{LOOPBACK}:{own.ports.api}", status=1
    )
    assert not store_of(own).exists()


@pytest.mark.parametrize("distance", [1, HALF - 2, HALF - 1, HALF, HALF + 1, MODULUS - 1])
def test_a_serial_is_raised_above_the_served_one(common: Appliance, distance: int) -> None:
    api, domain = client_of(common), f"raised-{distance}.example"
    zone = api.zone(domain)
    record = api.record(zone, "A", "www", "192.0.2.1")
    served_serial = api.wait_until_live(zone)["serial"]
    set_serial(common, zone["uuid"], (served_serial - distance) % MODULUS or 1)
    api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.2"})
    wait_for(lambda: served(common, f"www.{domain}") == [{NEW}, {NEW}], "both answer the newest content")
    assert is_later(api.wait_until_live(zone)["serial"], served_serial)


def test_the_largest_serial_is_followed_by_a_later_one(common: Appliance) -> None:
    api = client_of(common)
    with common.without("appliance deployer"):
        zone = api.zone("wraps.example")
        set_serial(common, zone["uuid"], MODULUS - 1)
    assert api.wait_until_live(zone)["live_serial"] == MODULUS - 1
    api.record(zone, "A", "www", "192.0.2.2")
    wait_for(lambda: served(common, "www.wraps.example") == [{NEW}, {NEW}], "both follow across the wrap")
    assert is_later(api.wait_until_live(zone)["serial"], MODULUS - 1)


def test_an_unreachable_secondary_is_reported_everywhere(common: Appliance) -> None:
    api = client_of(common)
    zone = api.zone("silent.example")
    api.wait_until_live(zone)
    problem = "nameserver ns2.appliance.test is unreachable"
    with common.without("ns2/named.conf"):
        api.record(zone, "A", "www", "192.0.2.1")
        wait_for(lambda: problem in common.get("/readyz").json()["degraded"], "it is reported")
        assert problem in status_of(common)
        assert 'nameserver_reachable{nameserver="ns2.appliance.test"} 0.0' in common.get("/metrics").text
        wait_for(lambda: problem in common.log("deployer"), "the log reports it")
        wait_for(lambda: deployment(api, zone) == ("deploying", "unreachable"), "the API reports it")
    api.wait_until_live(zone)
    wait_for(lambda: "unreachable" not in common.get("/readyz").text, "no problem is reported")
    assert "unreachable" not in status_of(common)


def test_a_suspended_deployer_is_reported(common: Appliance) -> None:
    api = client_of(common)
    api.wait_until_live(api.zone("still.example"))
    with common.without("appliance deployer"):
        wait_for(lambda: common.get("/readyz").status_code == 503, "readyz reports it")
        assert "the deployer has not reported for" in status_of(common)
        assert "event=problem subject=deployer" in common.log("serve")
        api.zone("written.example")


def status_of(appliance: Appliance) -> str:
    return appliance.command("status", status=None)


def deployment(api: Client, zone: dict[str, str]) -> tuple[str, str]:
    found = api.expect(200, "GET", f"/dns-zones/{zone['uuid']}/deployment/")
    return found["state"], found["nameservers"][1]["state"]
