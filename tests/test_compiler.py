"""Compiled zones: derived records come first, and what child zones hide is left out, so that BIND loads the zone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.compiler import compile_zone, delegated_lines
from appliance.errors import CompileFailed
from appliance.store import zones
from appliance.zones.model import Zone
from tests.pair import program
from tests.workspace import APEX, Workspace, current_database


def checked(zone: Zone, folder: Path) -> list[str]:
    """Return the lines of the compiled zone, which named-checkzone accepts without a warning."""
    file = folder / "zone"
    file.write_bytes(compile_zone(zones.get_any(zone.uuid), APEX).content)
    command = (program("named-checkzone"), zone.name.to_text(omit_final_dot=True), str(file))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2, done.stdout
    return file.read_text().splitlines()


def test_a_zone_with_child_zones_is_accepted(workspace: Workspace, tmp_path: Path) -> None:
    parent = workspace.zone("example.com")
    for name in ("sub.example.com", "a.b.example.com"):
        workspace.zone(name)
    workspace.add(parent, "NS", "sub", "ns.example.org", ttl=60)
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
