"""`zone check`: invalid rows planted in the database are found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.doctor.result import DoctorContext, Verdict
from appliance.doctor.zones import check_zones, hidden_records
from appliance.errors import MissingProgram, SettingsError
from appliance.principal import EVERYTHING
from appliance.settings import Settings, read_settings
from appliance.store import zones
from appliance.store.file import sqlite
from tests.workspace import Workspace

SETTINGS = read_settings(
    None,
    {"DNS_APPLIANCE_DNS_NAMESERVERS": "ns1.appliance.test=127.0.0.1:53,ns2.appliance.test=127.0.0.1:54"},
)


@pytest.fixture
def found(workspace: Workspace) -> Callable[[str], list[str]]:
    """Return a function that runs SQL on the second of three zones and returns its findings."""
    for domain in ("a.example", "b.example", "c.example"):
        zone = workspace.zone(domain)
        workspace.add(zone, "A", "www", "192.0.2.1")
        workspace.add(zone, "NS", "cut", f"ns.cut.{domain}")
        workspace.add(zone, "A", "ns.cut", "192.0.2.53")
        workspace.add(zone, "TXT", "@", 'say "hi"; \\ done')
        workspace.add(zone, "MX", "*", "mail.example.net", priority=10)

    def plant(statement: str) -> list[str]:
        with closing(sqlite.connect(workspace.store.path)) as writer, writer:
            writer.execute(statement)
        stored, _ = zones.find(EVERYTHING, zones.Page())
        findings = dict(check_zones(stored, SETTINGS, workspace.store)) if stored else {}
        assert [one for one, wrong in findings.items() if wrong and one.name.labels[0] != b"b"] == []
        return [finding for wrong in findings.values() for finding in wrong]

    return plant


Found = Callable[[str], list[str]]
IN_B = "where zone_id = (select id from zone where name = 'b.example') and owner = 'www'"


def test_sound_zones_have_no_findings(found: Found) -> None:
    assert found("select 1") == []


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("line = 'www.b.example. 3600 IN A 192.0.2.999'", "is published as 'www.b.example. 3600 IN A 192.0.2.999'"),
        ("line = '$INCLUDE /etc/passwd'", "is published as '$INCLUDE /etc/passwd'"),
        ("line = line || char(10) || 'evil.b.example. 60 IN A 203.0.113.9'", "5 records gave 6 lines"),
        ("wire = x'c0'", "a row cannot be read"),
        ("rdtype = 'NONSENSE'", "a row cannot be read"),
        ("owner = 'below.cut', owner_key = 'cut.below.'", "below"),
        ("owner = replace(hex(zeroblob(80)), '0', 'x')", "a row cannot be read"),
    ],
)
def test_a_planted_row_is_found(found: Found, planted: str, expected: str) -> None:
    findings = found(f"update record set {planted} {IN_B}")  # noqa: S608
    assert expected in findings[0]


def test_records_that_another_zone_hides_are_reported(workspace: Workspace) -> None:
    settings = replace(SETTINGS, store=replace(SETTINGS.store, path=workspace.store.path))
    context = DoctorContext(settings, workspace.clock)
    parent, child = workspace.zone("example.com"), workspace.zone("sub.example.com")
    assert [one.verdict for one in hidden_records(context)] == [Verdict.OK]
    workspace.add(parent, "A", "www.below", "192.0.2.1")
    with closing(sqlite.connect(workspace.store.path)) as writer, writer:
        writer.execute("update zone set name = 'below.example.com', name_key = 'com.example.below.' where id = 2")
    (result,) = hidden_records(context)
    assert result.verdict is Verdict.WARN and "zone example.com has records" in result.what
    ((_, findings),) = list(check_zones([zones.get_any(parent.uuid)], SETTINGS, workspace.store))
    assert findings == ["www.below.example.com is in the zone below.example.com: add the record there"]
    workspace.editor.delete_zone(workspace.owner, child.uuid)
    assert [one.verdict for one in hidden_records(context)] == [Verdict.OK]


def test_named_checkzone_refuses_what_the_rules_accept(found: Found, workspace: Workspace) -> None:
    (finding,) = found("update zone set serial = 4294967296 where name = 'b.example'")
    assert finding == "named-checkzone: dns_rdata_fromtext: line 1: near '4294967296': out of range"


def test_a_missing_named_checkzone_is_an_error(workspace: Workspace) -> None:
    settings = replace(SETTINGS, deployer=replace(SETTINGS.deployer, named_checkzone="/missing/named-checkzone"))
    with pytest.raises(MissingProgram):
        list(check_zones([workspace.zone()], settings, workspace.store))
    with pytest.raises(SettingsError):
        list(check_zones([workspace.zone("example.net")], Settings(), workspace.store))


def test_every_zone_of_large_batches_is_checked(workspace: Workspace, tmp_path: Path) -> None:
    stored = [workspace.zone(f"z{number}.example") for number in range(120)]
    assert [zone for zone, findings in check_zones(stored, SETTINGS, workspace.store) if not findings] == stored
