"""Restore a backup: on an empty host, with nameservers that are ahead, and while clients write."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance.addresses import LOOPBACK, Endpoint, Nameserver
from appliance.store.file import sqlite
from appliance.zones.names import parse_domain
from appliance.zones.serial import is_later
from appliance.zones.signing import Ds
from tests.appliance import Appliance, Client
from tests.delv import Validator, Watch
from tests.pair import wait_for

SERVERS = (1, 2)


@pytest.fixture
def own() -> Iterator[Appliance]:
    """An appliance for one test."""
    with Appliance() as running:
        yield running


def address(last: int) -> bytes:
    return bytes((192, 0, 2, last))


def wait_until_all_live(api: Client) -> dict[str, dict[str, Any]]:
    """Wait until all zones of the account are live, and return each by its domain."""
    rows: dict[str, dict[str, Any]] = {}

    def are_live() -> bool:
        rows.update({row["domain"]: row for row in api.expect(200, "GET", "/dns-zones/")})
        return all(row["deployment"]["state"] == "live" for row in rows.values())

    wait_for(are_live, "all zones are live")
    return rows


def serials(api: Client) -> dict[str, int]:
    return {domain: row["serial"] for domain, row in wait_until_all_live(api).items()}


def sign(api: Client, zone: dict[str, Any]) -> list[Ds]:
    """Sign a zone, report its DS at the parent, and return it."""
    path = f"/dns-zones/{zone['uuid']}/"
    api.record(zone, "A", "www", "192.0.2.1")
    api.expect(200, "PATCH", path, {"dnssec": True})
    wait_for(lambda: api.expect(200, "GET", f"{path}dnssec/")["state"] == "ds-wait", "it is signed everywhere")
    shown = api.expect(200, "POST", f"{path}dnssec/confirm/", {"ds": "published"})
    assert shown["state"] == "secured"
    return [Ds(one["key_tag"], one["algorithm"], one["digest_type"], one["digest"]) for one in shown["ds"]]


def validators(appliance: Appliance, domain: str, trusted: list[Ds], folder: Path) -> list[Validator]:
    """Return a resolver for each nameserver that has the DS of the zone."""
    endpoints = [Endpoint(LOOPBACK, appliance.ports.dns + number - 1) for number in SERVERS]
    servers = [Nameserver(f"ns{number}", endpoint) for number, endpoint in zip(SERVERS, endpoints, strict=True)]
    return [Validator(server, parse_domain(domain), trusted, folder) for server in servers]


def assert_signed(api: Client, zone: dict[str, Any], resolvers: list[Validator]) -> None:
    """Fail unless a zone becomes live whose answers resolvers accept, and which is as secured as it was."""
    api.wait_until_live(zone)
    assert not [fault for one in resolvers for fault in one.faults()]
    shown = api.expect(200, "GET", f"/dns-zones/{zone['uuid']}/dnssec/")
    assert (shown["state"], shown["problems"]) == ("secured", [])


def test_an_empty_host_serves_all_zones_from_a_backup(tmp_path: Path) -> None:
    backup = tmp_path / "backup.sqlite3"
    with Appliance() as lost:
        token = lost.token("drill@example.org")
        api = lost.client(token)
        signed = api.zone("signed.example")
        trusted = sign(api, signed)
        for number in range(12):
            zone = api.zone(f"zone-{number}.example")
            api.record(zone, "A", "www", f"192.0.2.{number + 1}")
        before = serials(api)
        assert str(backup) in lost.command("backup", str(backup))
        lost.stop(signal.SIGKILL)
        wait_for(lambda: lost.running_processes() == {}, "all its processes have ended")
        shutil.rmtree(lost.state)
        lost.state.mkdir()
    new = Appliance()
    printed = new.command("restore", str(backup))
    assert "13 zones restored" in printed and "DNSSEC keys written for 1 zone" in printed
    with new:
        assert "vps_" not in new.printed.read_text()
        api = new.client(token)
        after = serials(api)
        assert after.keys() == before.keys()
        assert all(serial == before[domain] or is_later(serial, before[domain]) for domain, serial in after.items())
        for number in range(12):
            new.wait_until_answered(f"www.zone-{number}.example", "A", [address(number + 1)])
        for zone in api.expect(200, "GET", "/dns-zones/"):
            api.record(zone, "A", "after", "192.0.2.200")
        for number in range(12):
            new.wait_until_answered(f"after.zone-{number}.example", "A", [address(200)])
        assert_signed(api, signed, validators(new, "signed.example", trusted, tmp_path))
        assert new.command("doctor")


@pytest.mark.parametrize("fate", ["readable", "damaged"])
def test_an_older_backup_with_nameservers_that_are_ahead(own: Appliance, tmp_path: Path, fate: str) -> None:
    """Every zone of the backup becomes live with the content of the backup, and a later serial than any served one."""
    backup = tmp_path / "backup.sqlite3"
    api = own.client(own.token("older@example.org"))
    zones = {domain: api.zone(domain) for domain in ("same.example", "changed.example", "deleted.example")}
    for zone in zones.values():
        zone["record"] = api.record(zone, "A", "www", "192.0.2.1")
    record = zones["changed.example"]["record"]
    wait_until_all_live(api)
    own.command("backup", str(backup))
    for last in range(2, 8):
        api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": f"192.0.2.{last}"})
    api.record(zones["deleted.example"], "A", "more", "192.0.2.9")
    former = serials(api)
    api.expect(204, "DELETE", f"/dns-zones/{zones['deleted.example']['uuid']}/", Prefer="wait=30")
    api.wait_until_live(api.zone("later.example"))
    assert "already running as process" in own.command("restore", str(backup), status=1)
    own.stop()
    if fate == "damaged":
        (own.state / "store" / "store.sqlite3").write_bytes(b"\xa5" * 8192)
    done = json.loads(own.command("restore", str(backup), "--json"))
    assert (done["zones"], done["unread"] is None) == (3, fate == "readable")
    if fate == "readable":
        assert (done["restored"], done["not_in_backup"]) == (["deleted.example"], ["later.example"])
        assert done["raised"] == ["changed.example", "deleted.example"]
    own.start()
    after = serials(api)
    assert after.keys() == zones.keys()
    for domain in zones:
        own.wait_until_answered(f"www.{domain}", "A", [address(1)])
        assert after[domain] == former[domain] or is_later(after[domain], former[domain])
    assert is_later(after["changed.example"], former["changed.example"])
    assert is_later(after["deleted.example"], former["deleted.example"])
    own.wait_until_answered("more.deleted.example", "A", [])
    for server in SERVERS:
        assert own.rcode("later.example", server) == "NOERROR"
    changed = api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.77"}, Prefer="wait=30")
    own.wait_until_answered(changed["fqdn"], "A", [address(77)])


def test_a_new_primary_with_a_secondary_that_kept_running(own: Appliance, tmp_path: Path) -> None:
    """The new primary raises its catalog serial above the secondary's; no zone disappears meanwhile.

    The signed zone begins with the secondary's copy: no answer is unsigned or wrong, from either nameserver.
    """
    backup = tmp_path / "backup.sqlite3"
    api = own.client(own.token("primary@example.org"))
    for number in range(5):
        api.zone(f"zone-{number}.example")
    trusted = sign(api, signed := api.zone("signed.example"))
    wait_until_all_live(api)
    own.command("backup", str(backup))
    api.record(signed, "A", "lost", "192.0.2.2")
    api.wait_until_live(signed)
    own.stop()
    for lost in ("ns1", "zones", "store"):
        shutil.rmtree(own.state / lost)
    own.command("restore", str(backup))
    resolvers = validators(own, "signed.example", trusted, tmp_path)
    with (watch := Watch(*resolvers)).running():
        own.start()
        assert own.rcode("zone-0.example", 2) == "NOERROR"
        wait_until_all_live(api)
        assert_signed(api, signed, resolvers)
        api.record(signed, "A", "after", "192.0.2.200")
        assert_signed(api, signed, resolvers)
    assert watch.valid and not watch.faults
    own.wait_until_answered("after.signed.example", "A", [address(200)])
    own.wait_until_answered("lost.signed.example", "A", [])
    api.wait_until_live(api.zone("new.example"))
    for server in SERVERS:
        assert own.rcode("zone-0.example", server) == own.rcode("new.example", server) == "NOERROR"


def test_backups_during_writes_are_complete(own: Appliance, tmp_path: Path) -> None:
    """Each contains all changes that were acknowledged before it started."""
    secret = own.token("writer@example.org")
    api = own.client(secret)
    zone = api.zone("busy.example")
    acknowledged: list[int] = []
    enough = threading.Event()

    def write(number: int, client: Client) -> None:
        while not enough.is_set():
            client.record(zone, "A", f"h{number}-{len(acknowledged)}", "192.0.2.1")
            acknowledged.append(number)

    writers = [threading.Thread(target=write, args=(number, own.client(secret))) for number in range(2)]
    for writer in writers:
        writer.start()
    try:
        for number in range(5):
            file = tmp_path / f"{number}.sqlite3"
            before = len(acknowledged)
            own.command("backup", str(file))
            with closing(sqlite.connect(file)) as reader:
                ((rows, counted),) = reader.execute("select (select count(*) from record), record_count from zone")
            assert before <= rows == counted
    finally:
        enough.set()
        for writer in writers:
            writer.join()
    for file in tmp_path.iterdir():
        octets = file.read_bytes()
        for text in (secret, *((own.state / "keys" / f"{key}.key").read_text() for key in ("control", "transfer"))):
            assert text.encode() not in octets
