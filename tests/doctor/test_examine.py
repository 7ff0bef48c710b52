"""Each fault makes exactly its own check fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import dns.message
import dns.name
import dns.rrset
import pytest

from appliance.addresses import Endpoint
from appliance.doctor import answers, nameservers
from appliance.doctor.examine import CHECKS, examine
from appliance.doctor.result import DoctorContext, Verdict
from appliance.keys import read_key
from appliance.nameserver.catalog import CatalogUpdates
from appliance.nameserver.control import quoted
from appliance.nameserver.isccc import RndcConnection
from appliance.nameserver.zone_files import ZoneFiles
from appliance.render.zone_file import digest_of
from appliance.settings import DoorsSettings, read_settings
from appliance.store.file import sqlite
from tests.appliance import Appliance
from tests.doctor.faults import FAULTS, content, control_of, soa_proxy, suspended, with_settings
from tests.pair import LOOPBACK, wait_for

DOMAINS = ("one.example", "two.example")
SIGNED = "signed.example"


@pytest.fixture(scope="module")
def healthy() -> Iterator[Appliance]:
    """An appliance with two live zones and a signed one; each test repairs what it broke."""
    with Appliance() as running:
        api = running.client(running.token("doctor@example.org"))
        for domain in DOMAINS:
            zone = api.zone(domain)
            api.record(zone, "A", "www", "192.0.2.1")
            api.wait_until_live(zone)
        api.wait_until_live(api.expect(201, "POST", "/dns-zones/", {"domain": SIGNED, "dnssec": True}))
        yield running


def context_of(appliance: Appliance) -> DoctorContext:
    settings = read_settings(appliance.state / "config.toml", {})
    return DoctorContext(settings, lambda: datetime.now(UTC), is_synchronized=lambda: True)


def findings(context: DoctorContext, verdict: Verdict = Verdict.FAIL) -> list[tuple[str, str]]:
    return [(name, result.what) for name, result in examine(context) if result.verdict is verdict]


def test_nothing_is_found_on_a_healthy_appliance(healthy: Appliance) -> None:
    context = context_of(healthy)
    assert findings(context) == findings(context, Verdict.WARN) == findings(context, Verdict.SKIP) == []
    assert {name for name, _ in examine(context)} == {check.name for check in CHECKS}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_fails_one_check(healthy: Appliance, fault: str) -> None:
    break_it, check, what = FAULTS[fault]
    with break_it(context_of(healthy)) as context:
        found = findings(context)
    assert [name for name, _ in found] == [check], found
    assert what in found[0][1]


@pytest.mark.parametrize(("server", "check"), [("ns1", "primary"), ("ns2", "secondaries")])
def test_a_nameserver_that_hangs(healthy: Appliance, server: str, check: str) -> None:
    with suspended(healthy.child(f"{server}/named.conf")):
        found = findings(context_of(healthy))
    assert [name for name, _ in found] == [check]
    assert f"{server}.appliance.test at 127.0.0.1 port" in found[0][1]
    wait_for(lambda: not findings(context_of(healthy)), "the checks pass again")


def test_a_listener_for_updates_that_hangs(healthy: Appliance) -> None:
    with suspended(healthy.child("appliance updates")):
        found = findings(context_of(healthy))
    assert [name for name, _ in found] == ["updates"]
    assert "the listener for DNS UPDATE at 127.0.0.1 port" in found[0][1]
    settings = replace(context_of(healthy).settings, doors=DoorsSettings())
    (off,) = nameservers.updates(replace(context_of(healthy), settings=settings))
    assert off.verdict is Verdict.OK and "DNS UPDATE is off" in off.what


def test_a_listener_for_updates_that_does_not_report(healthy: Appliance) -> None:
    late = replace(context_of(healthy), clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
    reachable, silent = nameservers.updates(late)
    assert (reachable.verdict, silent.verdict) == (Verdict.OK, Verdict.FAIL)
    assert silent.what.startswith("the listener for DNS UPDATE has not reported for 1")


def test_a_deployer_that_hangs(healthy: Appliance) -> None:
    with suspended(healthy.child("appliance deployer")):
        context = replace(context_of(healthy), clock=lambda: datetime.now(UTC) + timedelta(seconds=30))
        assert [name for name, _ in findings(context)] == ["deployer"]


def test_a_zone_that_is_not_live_in_time_is_compared_too(healthy: Appliance) -> None:
    with suspended(healthy.child("appliance deployer")):
        zone = healthy.client(healthy.token("doctor@example.org")).zone("waiting.example")
        late = replace(context_of(healthy), clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
        found = [result.what for result in (*answers.answers(late), *answers.problems(late))]
    assert found[:2] == [f"ns{number}.appliance.test is lagging for waiting.example" for number in (1, 2)]
    assert found[2].startswith(f"zone waiting.example is not live at serial {zone['serial']}")
    wait_for(lambda: not findings(context_of(healthy)), "the checks pass again")


def test_an_edited_zone_file(healthy: Appliance) -> None:
    with ExitStack() as stack:
        stack.enter_context(suspended(healthy.child("appliance deployer")))
        zones = context_of(healthy).settings.deployer.zone_directory.glob("*.zone")
        file = next(path for path in zones if "192.0.2.1" in path.read_text())  # not the catalog
        stack.enter_context(content(file, file.read_text().replace("192.0.2.1", "192.0.2.9")))
        (result,) = answers.files(
            context_of(healthy)
        )  # only this check: a reload in progress may have read the edited file
    assert result.verdict is Verdict.FAIL
    assert any(domain in result.what for domain in DOMAINS)
    assert "the deployer replaces" in result.repair


def test_different_content_with_the_right_serial(healthy: Appliance) -> None:
    context = context_of(healthy)
    zone, answer = dns.name.from_text("one.example"), b"\xc0\0\2"
    zones = context.settings.deployer.zone_directory
    (file,) = (path for path in zones.glob("*.zone") if "one.example" in path.read_text())
    planted = zones / "planted"
    planted.write_text(file.read_text().replace("192.0.2.1", "192.0.2.9"))
    with suspended(healthy.child("appliance deployer")), control_of(context.settings) as control:
        for path, last in ((planted, b"\x09"), (file, b"\x01")):
            control.delete_zone(zone)
            control.add_zone(zone, str(path))
            wait_for(
                lambda data=answer + last: data in healthy.answer("www.one.example", "A", 1)[1],  # type: ignore[misc]
                "ns1 serves it",
            )
            wrong = "ns1.appliance.test serves content that differs from the database: one.example"
            assert findings(context_of(healthy)) == ([("answers", wrong)] if path == planted else [])
    planted.unlink()


def test_a_zone_file_that_named_wrote_itself(healthy: Appliance) -> None:
    context = context_of(healthy)
    with closing(sqlite.connect(context.settings.store.path)) as reader:
        ((uuid,),) = reader.execute("select uuid from zone where name = 'one.example'")
    file = ZoneFiles(context.settings.deployer.zone_directory).path(UUID(uuid))
    content = file.read_bytes()
    try:
        with suspended(healthy.child("appliance deployer")):
            file.write_bytes(b"$ORIGIN .\n" + content)
            assert findings(context) == []
            file.write_bytes(b"$ORIGIN .\n" + content + b"www.one.example. 60 IN A 192.0.2.66\n")
            assert [check for check, _ in findings(context)] == ["files"]
    finally:
        file.write_bytes(content)


def test_a_zone_file_that_is_older_than_what_is_served(healthy: Appliance) -> None:
    context = replace(context_of(healthy), zone=dns.name.from_text("one.example"))
    with closing(sqlite.connect(context.settings.store.path)) as reader:
        ((uuid, serial),) = reader.execute("select uuid, serial from zone where name = 'one.example'")
    file = ZoneFiles(context.settings.deployer.zone_directory).path(UUID(uuid))
    former, journal = file.read_text().replace(str(serial), str(serial - 1)), file.with_suffix(".zone.jnl")
    digests = {"former": digest_of(former.encode()), "present": digest_of(file.read_bytes())}
    with suspended(healthy.child("appliance deployer")), content(file, former), content(journal, "a journal"):
        for published, found in (("former", []), ("present", ["zone file differs from the database: one.example"])):
            store_digest(context, uuid, digests[published])
            assert [one.what for one in answers.files(context) if one.verdict is Verdict.FAIL] == found
        journal.unlink()
        store_digest(context, uuid, digests["former"])
        assert [one.verdict for one in answers.files(context)] == [Verdict.FAIL], "a restart would serve it"
        journal.touch()
        store_digest(context, uuid, digests["present"])


def store_digest(context: DoctorContext, uuid: str, digest: str) -> None:
    with closing(sqlite.connect(context.settings.store.path)) as writer, writer:
        zone = "(select id from zone where uuid = ?)"
        writer.execute(f"update deployment set published_digest = ? where zone_id = {zone}", (digest, uuid))  # noqa: S608


def test_suspended_updates_are_a_warning(healthy: Appliance) -> None:
    context, zone = context_of(healthy), dns.name.from_text("one.example")
    found = [("suspended", "updates are suspended, as after rndc freeze: one.example")]
    with control_of(context.settings) as control:
        control.suspend_updates(zone)
        assert findings(context, Verdict.WARN) == found and findings(context) == []
        control.resume_updates(zone)
    assert findings(context, Verdict.WARN) == []


def test_a_primary_that_allows_no_updates_of_a_zone_is_a_warning(healthy: Appliance) -> None:
    context, zone = context_of(healthy), dns.name.from_text("one.example")
    deployer = context.settings.deployer
    with control_of(context.settings) as control:
        state = control.zone_state(zone)
    assert state
    options = f'type primary; file "{state.file}";'
    with closing(RndcConnection(deployer.control, read_key(deployer.control_key))) as connection:
        connection.command("modzone", quoted(zone), f"{{ {options} allow-update {{ none; }}; }};")
        found = findings(context, Verdict.WARN)
        connection.command("modzone", quoted(zone), f"{{ {options} }};")
    assert found == [("suspended", "ns1.appliance.test allows no updates of one.example")]
    assert findings(context) == findings(context, Verdict.WARN) == []


def test_one_zone_alone_is_compared(healthy: Appliance) -> None:
    context = replace(context_of(healthy), zone=dns.name.from_text("one.example"))
    assert findings(context) == [] and findings(context, Verdict.WARN) == []
    shown = [result.what for name, result in examine(context) if name in ("files", "answers")]
    assert shown[0] == "1 zone files match the database" and len(shown) == 3
    missing = replace(context, zone=dns.name.from_text("missing.example"))
    assert findings(missing) == [("files", "no zone missing.example is in the database")]


def test_unknown_zones_are_a_warning(healthy: Appliance) -> None:
    context = context_of(healthy)
    label, name = uuid4(), dns.name.from_text("unknown.example")
    updates = CatalogUpdates(
        Endpoint(LOOPBACK, healthy.ports.dns),
        dns.name.from_text(context.settings.dns.catalog),
        read_key(context.settings.deployer.update_key),
    )
    unknown = context.settings.deployer.zone_directory / f"{label}.zone"
    unknown.touch()
    updates.change([], {label.hex: name})
    try:
        assert findings(context) == []
        warnings = findings(context, Verdict.WARN)
    finally:
        updates.change([label.hex], {})
        unknown.unlink()
    assert [check for check, _ in warnings] == ["catalog", "files"]
    assert "unknown.example" in warnings[0][1]
    assert str(unknown) in warnings[1][1]


def test_a_missing_catalog_member(healthy: Appliance) -> None:
    context = context_of(healthy)
    with closing(sqlite.connect(context.settings.store.path)) as reader:
        ((uuid,),) = reader.execute("select uuid from zone where name = 'two.example'")
    catalog = dns.name.from_text(context.settings.dns.catalog)
    updates = CatalogUpdates(
        Endpoint(LOOPBACK, healthy.ports.dns), catalog, read_key(context.settings.deployer.update_key)
    )
    with suspended(healthy.child("appliance deployer")):
        updates.change([uuid], {})
        wait_for(lambda: healthy.rcode("two.example", 2) == "REFUSED", "ns2 has dropped it")
        assert findings(context_of(healthy)) == [
            ("catalog", "missing from the catalog zone: two.example"),
            ("answers", "ns2.appliance.test is lagging for two.example"),
        ]
        updates.change([], {uuid: dns.name.from_text("two.example")})
        wait_for(lambda: healthy.rcode("two.example", 2) == "NOERROR", "ns2 has it again")


def test_a_secondary_that_outlived_its_primary(healthy: Appliance) -> None:
    """A new primary begins with an earlier catalog serial, and its secondaries would ignore its changes."""
    context = context_of(healthy)
    primary, secondary = context.settings.dns.nameservers
    with soa_proxy(lambda query: healthy.ask(query.question[0].name.to_text(), "SOA", 2), ahead=7) as port:
        survivor = secondary._replace(endpoint=secondary.endpoint._replace(port=port))
        results = list(answers.catalog(with_settings(context, "dns", nameservers=(primary, survivor))))
    assert [(result.verdict, result.what[:42]) for result in results] == [
        (Verdict.FAIL, "ns2.appliance.test has a later catalog ser")
    ]
