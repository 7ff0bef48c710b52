"""Checks of an installed host: missing settings, wrong owners and modes, stopped units."""

from __future__ import annotations

import grp
import pwd
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from appliance.doctor import folders, installed, programs, storage
from appliance.doctor.examine import examine
from appliance.doctor.result import DoctorContext, Verdict
from appliance.settings import Settings, read_settings


@pytest.fixture
def context(tmp_path: Path) -> DoctorContext:
    """A host in a temporary folder that has only a settings file."""
    etc, store, zones = (tmp_path / name for name in ("etc", "store", "zones"))
    for folder in (etc, store, zones):
        folder.mkdir()
    (etc / "config.toml").touch()
    chosen = {
        "STORE_PATH": store / "store.sqlite3",
        "DNS_NAMESERVERS": "ns1.example.net=127.0.0.1:53",
        "DEPLOYER_ZONE_DIRECTORY": zones,
        "DEPLOYER_CONTROL_KEY": etc / "rndc.key",
    }
    settings = read_settings(None, {f"DNS_APPLIANCE_{name}": str(value) for name, value in chosen.items()})
    return DoctorContext(
        settings, lambda: datetime.now(UTC), configuration=etc / "config.toml", systemd=tmp_path / "systemd"
    )


def test_the_repair_of_a_host_without_settings(context: DoctorContext, tmp_path: Path) -> None:
    example = tmp_path / "example.toml"
    example.touch()
    unset = replace(context, settings=Settings(), configuration=tmp_path / "missing" / "config.toml", example=example)
    failed = [(name, result) for name, result in examine(unset) if result.verdict is Verdict.FAIL]
    ((name, result),) = [one for one in failed if one[0] not in ("programs", "zone-directory")]
    assert name == "settings"
    assert result.what == f"no settings: {unset.configuration} does not exist"
    assert result.repair == f"copy {example}, set dns.nameservers in it, then: dns-appliance host prepare"
    (without,) = programs.complete_settings(replace(unset, example=tmp_path / "none"))
    assert without.repair.startswith("write it (docs/operations.md, Settings), set")


def test_the_repair_of_a_host_that_was_not_prepared(context: DoctorContext) -> None:
    (store,) = storage.sound_store(context)
    assert store.repair.endswith("if it is right, create it: dns-appliance host prepare")
    assert all("on a new host: dns-appliance host prepare" in key.repair for key in folders.closed_keys(context))


def test_a_lost_store_is_restored_and_not_created(context: DoctorContext) -> None:
    context.settings.store.path.with_suffix(".lock").touch()
    (store,) = storage.sound_store(context)
    assert store.repair.endswith("if it is right, restore a backup: dns-appliance restore FILE")


def test_wrong_owners_and_modes_have_the_command_that_repairs_them(context: DoctorContext) -> None:
    key = context.settings.deployer.control_key
    key.touch()
    key.chmod(0o644)
    user, group = pwd.getpwuid(key.stat().st_uid).pw_name, grp.getgrgid(key.stat().st_gid).gr_name
    failures = {result.what: result.repair for result in installed.rights(context) if result.verdict is Verdict.FAIL}
    assert (
        failures[f"{key} is 0644 {user}:{group}, and should be 0640 root:dns-appliance-deployer"]
        == f"chown root:dns-appliance-deployer {key} && chmod 0640 {key}"
    )
    assert len(failures) == 5


def test_neither_is_checked_in_a_state_folder(context: DoctorContext, tmp_path: Path) -> None:
    context.systemd.mkdir()
    elsewhere = replace(context, configuration=tmp_path / "elsewhere" / "config.toml")
    assert [result.verdict for result in (*installed.rights(elsewhere), *installed.units(elsewhere))] == [
        Verdict.OK
    ] * 2


def test_units_that_are_not_active_are_reported(context: DoctorContext) -> None:
    assert [result.verdict for result in installed.units(context)] == [Verdict.OK]
    context.systemd.mkdir()
    failures = {result.what.partition(" ")[0]: result for result in installed.units(context)}
    assert set(failures) == set(installed.UNITS)
    api = failures["dns-appliance-api.service"]
    assert api.verdict is Verdict.FAIL
    assert api.repair.startswith("systemctl start dns-appliance-api.service; journalctl -u")


def test_the_sqlite_in_use_is_named_and_an_old_one_is_refused(context: DoctorContext) -> None:
    _, in_use, *_ = programs.versions(context)
    assert (in_use.verdict, in_use.what) == (Verdict.OK, f"SQLite {apsw.sqlite_lib_version()}")
    _, older, *_ = programs.versions(context, (3, 51, 2))
    assert (older.verdict, older.what) == (Verdict.FAIL, "SQLite 3.51.2 is older than 3.51.3")
    assert "apsw" in older.repair
