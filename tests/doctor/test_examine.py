"""One thing is broken at a time, and the doctor complains of precisely that."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dns.message
import dns.name
import dns.rrset
import pytest

from appliance.deploy.host import find_program
from appliance.doctor import folders, served
from appliance.doctor.examine import CHECKS, examine
from appliance.doctor.result import Site, Verdict
from appliance.keys import new_key, read_key
from appliance.nameserver.catalog import CatalogUpdates
from appliance.nameserver.control import Control
from appliance.nameserver.wire import Connection
from appliance.settings import Settings, read_settings
from tests.appliance import Appliance
from tests.pair import LOOPBACK, wait_for

DOMAINS = ("one.example", "two.example")

Breaking = Callable[[Site], AbstractContextManager[Site]]


@pytest.fixture(scope="module")
def well() -> Iterator[Appliance]:
    """An appliance with two live zones; each test puts back what it broke."""
    with Appliance() as running:
        api = running.client(running.token("doctor@example.org"))
        for domain in DOMAINS:
            zone = api.zone(domain)
            api.record(zone, "A", "www", "192.0.2.1")
            api.wait_until_live(zone)
        yield running


def site_of(appliance: Appliance) -> Site:
    return Site(read_settings(appliance.state / "config.toml", {}), datetime.now(UTC))


def complaints(site: Site, verdict: Verdict = Verdict.FAIL) -> list[tuple[str, str]]:
    return [(name, result.what) for name, result in examine(site) if result.verdict is verdict]


def with_settings(site: Site, section: str, **values: object) -> Site:
    part = replace(getattr(site.settings, section), **values)
    return replace(site, settings=replace(site.settings, **{section: part}))


def changed(section: str, key: str, value: object) -> Breaking:
    @contextmanager
    def breaking(site: Site) -> Iterator[Site]:
        yield with_settings(site, section, **{key: value})

    return breaking


@contextmanager
def content(file: Path, text: str) -> Iterator[None]:
    """The file holds that text for as long as the block runs."""
    before = file.read_bytes()
    file.write_text(text)
    try:
        yield
    finally:
        file.write_bytes(before)


@contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    before = path.stat().st_mode & 0o7777
    path.chmod(bits)
    try:
        yield
    finally:
        path.chmod(before)


@contextmanager
def standing_still(pid: int | None) -> Iterator[None]:
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def key_file_open(site: Site) -> Iterator[Site]:
    with mode(site.settings.deployer.control_key, 0o644):
        yield site


@contextmanager
def key_file_garbled(site: Site) -> Iterator[Site]:
    with content(site.settings.deployer.update_key, "no key"):
        yield site


def another_key(name: str) -> Breaking:
    @contextmanager
    def breaking(site: Site) -> Iterator[Site]:
        with content(getattr(site.settings.deployer, f"{name}_key"), new_key(name).statement()):
            yield site

    return breaking


@contextmanager
def store_open(site: Site) -> Iterator[Site]:
    file = site.settings.store.path
    with mode(file.parent, 0o755), mode(file, 0o644):
        yield site


@contextmanager
def store_damaged(site: Site) -> Iterator[Site]:
    file = site.settings.store.path.with_name("damaged.sqlite3")
    file.write_bytes(b"\xa5" * 8192)
    yield with_settings(site, "store", path=file)
    file.unlink()


@contextmanager
def store_of_an_older_release(site: Site) -> Iterator[Site]:
    file = site.settings.store.path.with_name("older.sqlite3")
    with closing(sqlite3.connect(site.settings.store.path)) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)
        copy.execute("delete from schema_migration")
        copy.commit()
    yield with_settings(site, "store", path=file)
    file.unlink()


@contextmanager
def link_for_a_file(site: Site) -> Iterator[Site]:
    link = site.settings.deployer.zone_directory / f"{uuid4()}.zone"
    link.symlink_to("/etc/passwd")
    yield site
    link.unlink()


@contextmanager
def zones_open(site: Site) -> Iterator[Site]:
    with mode(site.settings.deployer.zone_directory, 0o777):
        yield site


@contextmanager
def bad_named_conf(site: Site) -> Iterator[Site]:
    file = site.settings.deployer.zone_directory.parent / "ns2" / "named.conf"
    with content(file, "options { no-such-option yes; };\n"):
        yield site


@contextmanager
def clock_behind(site: Site) -> Iterator[Site]:
    yield replace(site, now=site.now - timedelta(days=1))


@contextmanager
def control_of(settings: Settings) -> Iterator[Control]:
    deployer = settings.deployer
    connection = Connection(deployer.control.host, deployer.control.port, read_key(deployer.control_key))
    yield Control(connection)
    connection.close()


BREAKINGS: dict[str, tuple[Breaking, str, str]] = {
    "no checker": (changed("deployer", "named_checkzone", "/missing/named-checkzone"), "programs", "named_checkzone"),
    "no nameserver": (changed("dns", "nameservers", ()), "settings", "names no nameserver"),
    "no store": (changed("store", "path", Path("/missing/store.sqlite3")), "store", "there is no store"),
    "damaged store": (store_damaged, "store", "not a database"),
    "older store": (store_of_an_older_release, "store", "lacks the migration 0001_initial"),
    "open store": (store_open, "store-mode", "anyone may read"),
    "clock": (clock_behind, "clock", "the clock was set back"),
    "open key": (key_file_open, "keys", "has mode 0644"),
    "garbled key": (key_file_garbled, "keys", "holds no single key statement"),
    "missing key": (changed("deployer", "transfer_key", Path("/missing/key")), "keys", "No such file"),
    "no zone directory": (changed("deployer", "zone_directory", Path("/missing")), "zone-directory", "there is no"),
    "open zone directory": (zones_open, "zone-directory", "anyone may write into"),
    "link": (link_for_a_file, "zone-directory", "is a link"),
    "named.conf": (bad_named_conf, "named-conf", "no-such-option"),
    "control key": (another_key("control"), "control", "the key is not the one it knows"),
    "transfer key": (another_key("transfer"), "transfer", "transfer.key"),
    "update key": (another_key("update"), "transfer", "update.key"),
}


def test_all_is_well(well: Appliance) -> None:
    site = site_of(well)
    assert complaints(site) == complaints(site, Verdict.WARN) == complaints(site, Verdict.SKIP) == []
    assert {name for name, _ in examine(site)} == {check.name for check in CHECKS}


@pytest.mark.parametrize("fault", BREAKINGS)
def test_one_fault_one_complaint(well: Appliance, fault: str) -> None:
    breaking, check, what = BREAKINGS[fault]
    with breaking(site_of(well)) as site:
        found = complaints(site)
    assert [name for name, _ in found] == [check], found
    assert what in found[0][1]


@pytest.mark.parametrize(("server", "check"), [("ns1", "primary"), ("ns2", "secondaries")])
def test_a_nameserver_that_hangs(well: Appliance, server: str, check: str) -> None:
    with standing_still(well.child(f"{server}/named.conf")):
        found = complaints(site_of(well))
    assert [name for name, _ in found] == [check]
    assert f"{server}.appliance.test at 127.0.0.1 port" in found[0][1]
    wait_for(lambda: not complaints(site_of(well)), "it is well again")


def test_a_deployer_that_hangs(well: Appliance) -> None:
    with standing_still(well.child("appliance deployer")):
        site = replace(site_of(well), now=datetime.now(UTC) + timedelta(seconds=30))
        assert [name for name, _ in complaints(site)] == ["deployer"]


def test_a_file_that_was_edited(well: Appliance) -> None:
    with ExitStack() as mend:
        mend.enter_context(standing_still(well.child("appliance deployer")))
        file = next(site_of(well).settings.deployer.zone_directory.glob("*.zone"))
        mend.enter_context(content(file, file.read_text().replace("192.0.2.1", "192.0.2.9")))
        ((check, what),) = complaints(site_of(well))
    assert check == "files"
    assert any(domain in what for domain in DOMAINS)


def test_content_that_differs_behind_the_right_serial(well: Appliance) -> None:
    site = site_of(well)
    zone, answer = dns.name.from_text("one.example"), b"\xc0\0\2"
    zones = site.settings.deployer.zone_directory
    (file,) = (path for path in zones.glob("*.zone") if "one.example" in path.read_text())
    planted = zones / "planted"
    planted.write_text(file.read_text().replace("192.0.2.1", "192.0.2.9"))
    with standing_still(well.child("appliance deployer")), control_of(site.settings) as control:
        for path, last in ((planted, b"\x09"), (file, b"\x01")):
            control.delete_zone(zone)
            control.add_zone(zone, str(path))
            wait_for(lambda wanted=answer + last: wanted in well.answer("www.one.example", "A", 1)[1], "ns1 serves it")  # type: ignore[misc]
            wrong = "ns1.appliance.test serves other content than the store wants: one.example"
            assert complaints(site_of(well)) == ([("answers", wrong)] if path == planted else [])
    planted.unlink()


def test_zones_that_the_store_never_knew_are_a_warning(well: Appliance) -> None:
    site = site_of(well)
    label, name = uuid4(), dns.name.from_text("stranger.example")
    updates = CatalogUpdates(
        LOOPBACK,
        well.ports.dns,
        dns.name.from_text(site.settings.dns.catalog),
        read_key(site.settings.deployer.update_key),
    )
    stranger = site.settings.deployer.zone_directory / f"{label}.zone"
    stranger.touch()
    updates.change([], {label.hex: name})
    try:
        assert complaints(site) == []
        told = complaints(site, Verdict.WARN)
    finally:
        updates.change([label.hex], {})
        stranger.unlink()
    assert [check for check, _ in told] == ["catalog", "files"]
    assert "stranger.example" in told[0][1]
    assert str(stranger) in told[1][1]


def test_a_member_that_is_missing(well: Appliance) -> None:
    site = site_of(well)
    with closing(sqlite3.connect(site.settings.store.path)) as reader:
        ((uuid,),) = reader.execute("select uuid from zone where name = 'two.example'")
    catalog = dns.name.from_text(site.settings.dns.catalog)
    updates = CatalogUpdates(LOOPBACK, well.ports.dns, catalog, read_key(site.settings.deployer.update_key))
    with standing_still(well.child("appliance deployer")):
        updates.change([uuid], {})
        wait_for(lambda: well.rcode("two.example", 2) == "REFUSED", "ns2 has dropped it")
        assert complaints(site_of(well)) == [
            ("catalog", "the catalog lacks two.example"),
            ("answers", "ns2.appliance.test is behind with two.example"),
        ]
        updates.change([], {uuid: dns.name.from_text("two.example")})
        wait_for(lambda: well.rcode("two.example", 2) == "NOERROR", "ns2 has it again")


def test_a_secondary_that_outlived_its_primary(well: Appliance) -> None:
    """A new primary's catalog begins anew: what its secondaries hold is later, and they would take nothing from it."""
    site = site_of(well)
    primary, secondary = site.settings.dns.nameservers
    with answering(lambda query: well.ask(query.question[0].name.to_text(), "SOA", 2), ahead=7) as port:
        survivor = replace(secondary, endpoint=replace(secondary.endpoint, port=port))
        results = list(served.catalog(with_settings(site, "dns", nameservers=(primary, survivor))))
    assert [(result.verdict, result.what[:42]) for result in results] == [
        (Verdict.FAIL, "ns2.appliance.test has a later catalog tha")
    ]


@contextmanager
def answering(ask: Callable[[dns.message.Message], dns.message.Message], *, ahead: int) -> Iterator[int]:
    """A port where SOA questions are passed on, and answered with a serial that is further ahead."""
    with socket.socket(type=socket.SOCK_DGRAM) as opened:
        opened.bind((LOOPBACK, 0))

        def serve() -> None:
            while True:
                octets, sender = opened.recvfrom(4096)
                if not octets:
                    return
                query = dns.message.from_wire(octets)
                reply = ask(query)
                reply.id = query.id
                (soa,) = reply.answer[0]
                later = soa.replace(serial=soa.serial + ahead)
                reply.answer = [dns.rrset.from_rdata(query.question[0].name, 0, later)]
                opened.sendto(reply.to_wire(), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        yield opened.getsockname()[1]
        opened.sendto(b"", opened.getsockname())
        thread.join()


def test_a_full_disk() -> None:
    deployer = replace(Settings().deployer, zone_directory=Path("/sys"))  # where nothing is ever left
    store = replace(Settings().store, path=Path("/sys/store.sqlite3"))
    site = Site(Settings(store=store, deployer=deployer), datetime.now(UTC))
    assert {result.verdict for result in folders.space(site)} == {Verdict.FAIL}


PROFILE = """
include <tunables/global>
/usr/sbin/named flags=(attach_disconnected) {
  include <abstractions/base>
  /etc/bind/** r,
  /var/lib/bind/** rw,
  /var/lib/bind/ rw,
  /var/cache/bind/** lrw,
  owner /run/named/{named,lwresd}.pid rw,
  /var/log/named/* rw,
  #include <local/usr.sbin.named>
}
"""


@pytest.mark.parametrize(
    ("path", "rights"),
    [
        ("/var/lib/bind/dns-appliance/x.zone", "rw"),
        ("/var/cache/bind/dns-appliance/x.zone", "lrw"),
        ("/etc/bind/zones/x.zone", "r"),
        ("/srv/zones/x.zone", ""),
        ("/var/log/named/x", "rw"),
        ("/var/log/named/below/x", ""),
        ("/run/named/lwresd.pid", "rw"),
        ("/run/named/other.pid", ""),
    ],
)
def test_a_profile_is_read_as_apparmor_does(path: str, rights: str) -> None:
    assert folders.granted(PROFILE, path) == set(rights)


@pytest.mark.parametrize(
    ("folder", "local", "verdict"),
    [
        ("/var/lib/bind/dns-appliance", "", Verdict.OK),
        ("/srv/zones", "", Verdict.FAIL),
        ("/etc/bind/zones", "", Verdict.FAIL),
        ("/srv/zones", "/srv/zones/** rw,\n", Verdict.OK),
    ],
)
def test_a_profile_that_covers_the_zone_directory(tmp_path: Path, folder: str, local: str, verdict: Verdict) -> None:
    profile = tmp_path / "usr.sbin.named"
    profile.write_text(PROFILE)
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "usr.sbin.named").write_text(local)
    settings = Settings(deployer=replace(Settings().deployer, zone_directory=Path(folder)))
    named = Path(find_program("named")).resolve()
    site = Site(settings, datetime.now(UTC), profile=profile, confined=named)
    assert [result.verdict for result in folders.apparmor(site)] == [verdict]
    assert [result.verdict for result in folders.apparmor(replace(site, confined=Path("/elsewhere")))] == [Verdict.OK]
