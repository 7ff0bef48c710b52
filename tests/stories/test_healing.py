"""Faults with real programs: the last good zone stays served, and the appliance recovers by itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import dns.name
import pytest

from appliance.addresses import Endpoint
from appliance.embedded.state import CATALOG
from appliance.keys import read_key
from appliance.nameserver.catalog import CatalogUpdates
from appliance.store.file import sqlite
from tests.appliance import Appliance
from tests.live_zone import HEAL_SECONDS, NEW, OLD, LiveZone
from tests.pair import LOOPBACK, wait_for


def test_a_planted_row_fails_only_its_zone_and_a_restart_serves_the_last_good(live_zone: LiveZone) -> None:
    with closing(sqlite.connect(live_zone.appliance.state / "store" / "store.sqlite3")) as database, database:
        database.execute("update record set line = 'www.healing.example. 60 IN A 192.0.2.999'")
    other = live_zone.api.zone("innocent.example")
    live_zone.api.zone("below.healing.example")  # its delegation publishes the planted row
    live_zone.wait_until_failed("check: .*192.0.2.999")
    live_zone.api.wait_until_live(other)
    live_zone.restart("ns1/named.conf")
    wait_for(lambda: live_zone.answers() == [{OLD}, {OLD}], "a restart serves the last good zone")
    assert "failed" in live_zone.appliance.command("status", "healing.example", status=1)
    live_zone.change()
    live_zone.wait_until_healed()


def test_a_suspended_primary_gets_the_change_when_it_continues(new_zone: LiveZone) -> None:
    with new_zone.appliance.without("ns1/named.conf"):
        new_zone.change()
        wait_for(lambda: new_zone.deployment()["state"] != "live", "the zone is not live")
        assert new_zone.answers()[1] == {OLD}
    new_zone.wait_until_healed()


def test_a_primary_that_restarts_empty_is_filled_again(live_zone: LiveZone) -> None:
    state = live_zone.appliance.state

    def empty() -> None:
        for file in (*state.glob("ns1/*.nz*"), *state.glob("zones/*"), *state.glob("ns1/*.mkeys")):
            file.unlink()
        assert live_zone.answers()[1] == {OLD}

    live_zone.restart("ns1/named.conf", empty)
    live_zone.change()
    answers = []

    def is_healed() -> bool:
        answers.append(live_zone.answers()[1])
        return live_zone.answers() == [{NEW}, {NEW}]

    wait_for(is_healed, "both answer the newest content", HEAL_SECONDS)
    assert set(answers) <= {frozenset({OLD}), frozenset({NEW})}, "the secondary answered all the time"
    live_zone.wait_until_healed()


def test_a_wrong_control_key_is_reported_without_the_key(live_zone: LiveZone) -> None:
    conf = live_zone.appliance.state / "ns1" / "named.conf"
    good = conf.read_text()
    secret = re.findall(r'secret "([^"]+)"', (live_zone.appliance.state / "keys" / "control.key").read_text())[0]
    live_zone.restart("ns1/named.conf", lambda: conf.write_text(good.replace(secret, "A" * 43 + "=")))
    live_zone.change_by_file()
    live_zone.wait_until_failed("reload: ")
    assert secret not in live_zone.deployment()["error"] + live_zone.appliance.log("deployer")
    live_zone.restart("ns1/named.conf", lambda: conf.write_text(good))
    live_zone.wait_until_healed()


def test_a_moved_folder_a_changed_setting_and_a_renamed_catalog_reach_existing_zones(
    live_zone: LiveZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_zone.appliance.stop()
    live_zone.appliance.state = live_zone.appliance.state.rename(f"{live_zone.appliance.state}-moved")
    live_zone.appliance.printed = live_zone.appliance.state / "printed.log"
    live_zone.appliance.start()
    wait_for(lambda: live_zone.answers() == [{OLD}, {OLD}], "both answer from the moved folder", HEAL_SECONDS)
    live_zone.appliance.stop()
    monkeypatch.setenv("DNS_APPLIANCE_DNS_MINIMUM", "77")
    monkeypatch.setenv("DNS_APPLIANCE_DNS_CATALOG", "renamed.test")
    live_zone.appliance.start()

    def minima() -> list[set[bytes]]:
        return [
            {soa[-4:] for soa in live_zone.appliance.answer("healing.example", "SOA", server)[1]} for server in (1, 2)
        ]

    wait_for(lambda: minima() == [{b"\0\0\0\x4d"}] * 2, "both answer with the new setting", HEAL_SECONDS)
    live_zone.change()
    live_zone.wait_until_healed()


def test_a_journal_that_does_not_match_its_file_is_removed(new_zone: LiveZone) -> None:
    new_zone.api.record(new_zone.zone, "A", "more", "192.0.2.7")
    new_zone.api.wait_until_live(new_zone.zone)
    journal = new_zone.file.with_suffix(".zone.jnl")

    def keep_journal() -> None:
        assert journal.exists()
        text = new_zone.file.read_text()
        serial = str(new_zone.deployment()["serial"])
        new_zone.file.write_text(text.replace(serial, str(int(serial) + 7)))

    new_zone.restart("ns1/named.conf", keep_journal)
    new_zone.change()
    new_zone.wait_until_healed()


def test_refused_transfers_heal_when_allowed_again(new_zone: LiveZone) -> None:
    conf = new_zone.appliance.state / "ns1" / "named.conf"
    good = conf.read_text()
    refused = re.sub(r"allow-transfer \{.*?\};", "allow-transfer { none; };", good, flags=re.DOTALL)
    new_zone.restart("ns1/named.conf", lambda: conf.write_text(refused))
    new_zone.change()
    wait_for(lambda: new_zone.answers() == [{NEW}, {OLD}], "only the primary has the change", HEAL_SECONDS)
    wait_for(lambda: new_zone.deployment()["nameservers"][1]["state"] == "lagging", "the lag is reported", HEAL_SECONDS)
    new_zone.restart("ns1/named.conf", lambda: conf.write_text(good))
    new_zone.wait_until_healed()


def test_a_zone_that_the_secondary_dropped_is_restored(new_zone: LiveZone) -> None:
    state, zone = new_zone.appliance.state, dns.name.from_text(new_zone.domain)
    updates = CatalogUpdates(
        Endpoint(LOOPBACK, new_zone.appliance.ports.dns),
        dns.name.from_text(CATALOG),
        read_key(state / "keys" / "update.key"),
    )
    for remove, add in (((), {"0" * 32: zone}), (("0" * 32,), {})):
        updates.change(remove, add)
        wait_for(lambda: len({catalog_serial(new_zone, server) for server in (1, 2)}) == 1, "the secondary followed")
    wait_for(lambda: new_zone.answers() == [{OLD}, set()], "the secondary dropped the zone")
    wait_for(lambda: new_zone.answers() == [{OLD}, {OLD}], "the secondary has the zone again", HEAL_SECONDS)


def catalog_serial(live_zone: LiveZone, server: int) -> frozenset[bytes]:
    return live_zone.appliance.answer(CATALOG, "SOA", server)[1]


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")


@pytest.fixture
def small_disk(own: Appliance) -> Iterator[Callable[[str], None]]:
    """Put the zone files on a small file system; yield a function that remounts it with other options."""
    zones = own.state / "zones"
    own.stop()
    owner = zones.stat()
    contents = {file.name: file.read_bytes() for file in zones.iterdir()}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=40", "tmpfs", str(zones)], check=True)
    try:
        for name, content in contents.items():
            (zones / name).write_bytes(content)
            os.chown(zones / name, owner.st_uid, owner.st_gid)
        os.chown(zones, owner.st_uid, owner.st_gid)
        own.start()

        def remount(options: str) -> None:
            subprocess.run(["mount", "-o", f"remount,{options}", str(zones)], check=True)

        yield remount
        own.stop()
    finally:
        own.stop(signal.SIGKILL)
        subprocess.run(["umount", "-l", str(zones)], check=True)


def fill(file: Path) -> None:
    """Write to the file until the disk is full."""
    with file.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(b"x" * 512)


@needs_root
def test_a_full_disk_never_cuts_a_live_file(own: Appliance, small_disk: Callable[[str], None]) -> None:
    live_zone = LiveZone(own)
    before = live_zone.file.read_bytes()
    filler = live_zone.file.with_name("filler")
    fill(filler)
    live_zone.api.record(live_zone.zone, "TXT", "large", "x" * 4000)  # neither named's journal nor a file has room
    live_zone.change()
    live_zone.wait_until_failed("No space left")
    assert live_zone.file.read_bytes() == before
    live_zone.restart("ns1/named.conf")
    wait_for(lambda: live_zone.answers() == [{OLD}, {OLD}], "the last good zone is served")
    filler.unlink()
    live_zone.wait_until_healed()


@needs_root
def test_a_read_only_disk(own: Appliance, small_disk: Callable[[str], None]) -> None:
    live_zone = LiveZone(own)
    small_disk("ro")
    live_zone.change()
    live_zone.wait_until_failed("Read-only file system")
    assert live_zone.answers() == [{OLD}, {OLD}]
    small_disk("rw")
    live_zone.wait_until_healed()


@needs_root
def test_no_inodes_left(own: Appliance, small_disk: Callable[[str], None]) -> None:
    live_zone = LiveZone(own)
    fillers = [live_zone.file.with_name(f"filler-{number}") for number in range(50)]
    with suppress(OSError):
        for filler in fillers:
            filler.touch()
    assert not fillers[-1].exists()
    live_zone.change_by_file()
    live_zone.wait_until_failed("No space left")
    assert live_zone.answers() == [{OLD}, {OLD}]
    for filler in fillers:
        filler.unlink(missing_ok=True)
    live_zone.wait_until_healed()
