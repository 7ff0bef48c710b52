"""One thing is broken at a time, and the doctor complains of precisely that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dns.message
import dns.name
import dns.rrset
import pytest

from appliance.addresses import Endpoint
from appliance.doctor import answers
from appliance.doctor.examine import CHECKS, examine
from appliance.doctor.result import DoctorContext, Verdict
from appliance.keys import read_key
from appliance.nameserver.catalog import CatalogUpdates
from appliance.settings import read_settings
from appliance.store.file import sqlite
from tests.appliance import Appliance
from tests.doctor.faults import BREAKINGS, answering, content, control_of, standing_still, with_settings
from tests.pair import LOOPBACK, wait_for

DOMAINS = ("one.example", "two.example")


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


def site_of(appliance: Appliance) -> DoctorContext:
    return DoctorContext(read_settings(appliance.state / "config.toml", {}), datetime.now(UTC))


def complaints(site: DoctorContext, verdict: Verdict = Verdict.FAIL) -> list[tuple[str, str]]:
    return [(name, result.what) for name, result in examine(site) if result.verdict is verdict]


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
        zones = site_of(well).settings.deployer.zone_directory.glob("*.zone")
        file = next(path for path in zones if "192.0.2.1" in path.read_text())  # not the catalog
        mend.enter_context(content(file, file.read_text().replace("192.0.2.1", "192.0.2.9")))
        (result,) = answers.files(site_of(well))  # alone: a reload that was under way may have taken the edited file up
    assert result.verdict is Verdict.FAIL
    assert any(domain in result.what for domain in DOMAINS)


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
        Endpoint(LOOPBACK, well.ports.dns),
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
    with closing(sqlite.connect(site.settings.store.path)) as reader:
        ((uuid,),) = reader.execute("select uuid from zone where name = 'two.example'")
    catalog = dns.name.from_text(site.settings.dns.catalog)
    updates = CatalogUpdates(Endpoint(LOOPBACK, well.ports.dns), catalog, read_key(site.settings.deployer.update_key))
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
        results = list(answers.catalog(with_settings(site, "dns", nameservers=(primary, survivor))))
    assert [(result.verdict, result.what[:42]) for result in results] == [
        (Verdict.FAIL, "ns2.appliance.test has a later catalog tha")
    ]
