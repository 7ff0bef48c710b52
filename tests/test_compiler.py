"""Compiled zones: derived records come first, and what child zones hide is left out, so that BIND loads the zone."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import dns.name
import dns.rdata
import pytest
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.compiler import compile_export, compile_zone, delegated_lines, wire_records
from appliance.errors import CompileFailed
from appliance.principal import Principal
from appliance.render.zone_file import Apex
from appliance.store import holds, zones
from appliance.zones.delta import WireRecord
from appliance.zones.model import Zone
from appliance.zones.own_records import OwnAddress
from appliance.zones.ownership import HoldReason
from tests.pair import program
from tests.workspace import APEX, SERVERS, Workspace, current_database


def checked(zone: Zone, folder: Path, apex: Apex = APEX, *options: str) -> list[str]:
    """Return the lines of the compiled zone, which named-checkzone accepts without a warning.

    The same records are compiled for comparisons.
    """
    file = folder / "zone"
    file.write_bytes(compile_zone(zones.get_any(zone.uuid), apex).content)
    command = (program("named-checkzone"), *options, zone.name.to_text(omit_final_dot=True), str(file))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2, done.stdout
    assert sorted(wire_records(zones.get_any(zone.uuid), apex)) == sorted(_records_of(file.read_text(), zone.name))
    return file.read_text().splitlines()


def _records_of(file: str, origin: Name) -> list[WireRecord]:
    records = []
    for line in filter(None, file.splitlines()[:-1]):
        owner, ttl, _, rdtype, data = line.split(maxsplit=4)
        wire = dns.rdata.from_text("IN", rdtype, data).to_wire() or b""
        records.append(WireRecord(dns.name.from_text(owner).to_digestable(), RdataType.make(rdtype), int(ttl), wire))
    assert dns.name.from_text(file.split(maxsplit=1)[0]) == origin
    return records


def test_a_zone_with_child_zones_is_accepted(workspace: Workspace, tmp_path: Path) -> None:
    parent = workspace.zone("example.com")
    for name in ("sub.example.com", "a.b.example.com"):
        workspace.zone(name)
    workspace.add(parent, "NS", "sub", "ns.example.org", ttl=60)
    workspace.add(parent, "TXT", "Text", '"Some" "text"')
    lines = checked(parent, tmp_path)
    assert lines[3:7] == delegated_lines(zones.get_any(parent.uuid), APEX) and lines[7] == ""
    assert lines[8] == f"sub.example.com. {APEX.ttl} IN NS ns.example.org."


@pytest.mark.parametrize(
    "rows",
    [
        [("CNAME", "sub", "www.example.org"), ("CNAME", "x.sub", "www.example.org")],
        [("NS", "sub", "ns1.appliance.test"), ("NS", "sub", "ns.example.org"), ("DS", "sub", f"1 8 2 {'ab' * 32}")],
        [("NS", "x.sub", "ns.example.org"), ("A", "sub", "192.0.2.1")],
    ],
    ids=["aliases", "a delegation by hand", "a delegation below"],
)
def test_records_that_an_older_release_accepted_are_left_out(
    workspace: Workspace, tmp_path: Path, rows: list[tuple[str, str, str]]
) -> None:
    parent, child = workspace.zone("example.com"), workspace.zone("other.example.com")
    for row in rows:
        workspace.add(parent, *row)
    with workspace.store.writing():
        current_database().execute_sql(
            "update zone set name = 'sub.example.com', name_key = 'com.example.sub.' where uuid = ?", (child.uuid.hex,)
        )
    shown = [line for line in checked(parent, tmp_path) if "sub.example.com." in line]
    assert all(f" {APEX.ttl} IN NS " in line for line in shown) and len(shown) in (2, 3)


def test_a_record_too_few_is_found(workspace: Workspace) -> None:
    zone = workspace.zone("example.com")
    workspace.add(zone, "A", "www", "192.0.2.1")
    with workspace.store.writing():
        current_database().execute_sql("delete from record")
    with pytest.raises(CompileFailed, match="the database has 0 records of this zone, not 1"):
        compile_zone(zones.get_any(zone.uuid), APEX)


def test_an_export_is_the_zone_file_without_the_content_number(workspace: Workspace) -> None:
    zone = workspace.zone("example.com")
    workspace.add(zone, "A", "www", "192.0.2.1")
    unsigned = zones.get_any(zone.uuid)
    assert compile_export(unsigned, APEX) == compile_zone(unsigned, APEX).content
    signed = workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
    assert b" TYPE65280 " in compile_zone(signed, APEX).content
    same = replace(unsigned, serial=signed.serial)
    assert compile_export(signed, APEX) == compile_zone(same, APEX).content


def test_a_held_zone_is_not_delegated(workspace: Workspace) -> None:
    parent, child = workspace.zone("example.com"), workspace.zone("sub.example.com")
    with workspace.store.writing():
        holds.insert(child.uuid, "a-token", HoldReason.ALWAYS, workspace.clock())
    assert delegated_lines(zones.get_any(parent.uuid), APEX) == []
    workspace.editor.release_zone(Principal.local("command line"), child.uuid)
    released = zones.get_any(parent.uuid)
    assert len(delegated_lines(released, APEX)) == 2 and released.serial == parent.serial + 2


def test_the_zone_of_the_nameservers_may_delegate_their_names(workspace: Workspace, tmp_path: Path) -> None:
    apex = replace(APEX, addresses=tuple(OwnAddress(server, RdataType.A, "192.0.2.1") for server in SERVERS))
    workspace.editor = replace(workspace.editor, apex=apex)
    operator = Principal.local("command line", workspace.owner.account)
    parent, child = (
        workspace.editor.create_zone(operator, domain) for domain in ("appliance.test", "ns1.appliance.test")
    )
    workspace.add(parent, "NS", "ns1", "ns.example.org")
    workspace.add(child, "TXT", "@", "a zone at the name of a nameserver")
    for zone in (parent, child):
        assert f"ns1.appliance.test. {apex.ttl} IN A 192.0.2.1" in checked(zone, tmp_path, apex, "-i", "local")


def test_a_signed_zone_is_accepted_with_its_content_number(workspace: Workspace, tmp_path: Path) -> None:
    zone = workspace.zone("signed.example")
    workspace.add(zone, "A", "www", "192.0.2.1")
    unsigned = compile_zone(zones.get_any(zone.uuid), APEX)
    zone = workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
    number = f"signed.example. 0 IN TYPE65280 \\# 4 {zone.serial:08x}"
    assert number in checked(zone, tmp_path)
    assert compile_zone(zone, APEX).derived != unsigned.derived


def test_a_signed_zone_says_which_ttl_named_would_refuse(workspace: Workspace) -> None:
    """A restored record may have the TTL that it had before the zone was signed."""
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1", ttl=86_401)
    with workspace.store.writing():
        zone = zones.update(zones.get_any(zone.uuid), signed=True)
    with pytest.raises(CompileFailed, match=r"0 to 86400 seconds, not 86401 \(A at www.example.com\)"):
        compile_zone(zone, APEX)
    assert b"86401" in compile_export(zone, APEX)
