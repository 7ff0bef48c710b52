"""`backup`, and `restore --keys-only`: the key files that the host lacks, beside a database in use."""

from __future__ import annotations

import json
from pathlib import Path

from appliance.store import zones
from appliance.zones.model import Zone
from tests.cli.conftest import State
from tests.host_keys import host_keys, place_keys
from tests.signing import key, signed, store_signing


def signed_zone(state: State, domain: str, number: int = 0) -> Zone:
    """Return a signed zone of which the database knows a key."""
    workspace = state.workspace
    zone = workspace.zone(domain)
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
    with workspace.store.writing():
        store_signing(zone, signed(key(number)))
    return zone


def test_keys_alone_are_restored_and_those_that_stay_missing_are_named(state: State, tmp_path: Path) -> None:
    host = host_keys(state.folder)
    with (state.folder / "config.toml").open("a") as settings:
        settings.write(f'zone_directory = "{host.zone_directory}"\n')
    zone = signed_zone(state, "example.com")
    files, file = place_keys(host, zone, key()), str(tmp_path / "backup.sqlite3")
    done = state.run_here("backup", file)
    assert (done.exit_code, done.stderr) == (0, "")
    host.folders.remove(zone.uuid)
    state.workspace.add(zone, "A", "later", "192.0.2.1")
    changed = zones.get_any(zone.uuid)
    done = state.run_here("restore", file, "--keys-only")
    assert (done.exit_code, done.output) == (0, "DNSSEC keys written for 1 zone\n")
    assert host.folders.read(zone.uuid) == files and zones.get_any(zone.uuid) == changed
    done = state.run_here("restore", file, "--keys-only")
    assert (done.exit_code, done.output) == (0, "this host has every DNSSEC key of the backup\n")
    signed_zone(state, "example.net", 1)
    done = state.run_here("restore", file, "--keys-only")
    assert done.exit_code == 0 and "zone example.net lacks the files of a DNSSEC key" in done.stderr
    done = state.run_here("restore", file, "--keys-only", "--json")
    assert json.loads(done.stdout) == {"with_keys": 0, "without_keys": ["example.net"]}


def test_a_restore_of_keys_needs_a_backup(state: State, tmp_path: Path) -> None:
    done = state.run_here("restore", str(tmp_path / "missing.sqlite3"), "--keys-only")
    assert done.exit_code == 2 and "missing.sqlite3' does not exist" in done.stderr
    other = tmp_path / "other"
    other.write_text("no database")
    done = state.run_here("restore", str(other), "--keys-only")
    assert done.exit_code == 1 and str(done.exception) == f"{other} cannot be used: file is not a database"
