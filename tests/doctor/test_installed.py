"""What the doctor says on a host: before there are settings, of wrong owners and modes, and of units."""

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
def site(tmp_path: Path) -> DoctorContext:
    """A host below a temporary folder whose settings file is there, and nothing else."""
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
    return DoctorContext(settings, datetime.now(UTC), configuration=etc / "config.toml", systemd=tmp_path / "systemd")


def test_a_host_without_settings_is_told_what_comes_first(site: DoctorContext, tmp_path: Path) -> None:
    example = tmp_path / "example.toml"
    example.touch()
    unset = replace(site, settings=Settings(), configuration=tmp_path / "missing" / "config.toml", example=example)
    failed = [(name, result) for name, result in examine(unset) if result.verdict is Verdict.FAIL]
    ((name, result),) = [one for one in failed if one[0] not in ("programs", "zone-directory")]
    assert name == "settings"
    assert result.what == f"there are no settings yet, no {unset.configuration}"
    assert result.mend == f"copy {example}, name the nameservers in it, then: dns-appliance host prepare"
    (without,) = programs.complete_settings(replace(unset, example=tmp_path / "none"))
    assert without.mend.startswith("write it (docs/operations.md, Settings), name")


def test_a_host_that_was_not_prepared_is_told_so(site: DoctorContext) -> None:
    (store,) = storage.sound_store(site)
    assert store.mend.endswith("else make it: dns-appliance host prepare")
    assert all("of a new host: dns-appliance host prepare" in key.mend for key in folders.closed_keys(site))


def test_a_store_that_was_lost_is_not_made_but_restored(site: DoctorContext) -> None:
    site.settings.store.path.with_suffix(".lock").touch()
    (store,) = storage.sound_store(site)
    assert store.mend.endswith("else restore a backup: dns-appliance restore FILE")


def test_wrong_owners_and_modes_are_told_with_the_command_that_mends_them(site: DoctorContext) -> None:
    key = site.settings.deployer.control_key
    key.touch()
    key.chmod(0o644)
    user, group = pwd.getpwuid(key.stat().st_uid).pw_name, grp.getgrgid(key.stat().st_gid).gr_name
    told = {result.what: result.mend for result in installed.rights(site) if result.verdict is Verdict.FAIL}
    assert (
        told[f"{key} is 0644 {user}:{group}, and should be 0640 root:dns-appliance-deployer"]
        == f"chown root:dns-appliance-deployer {key} && chmod 0640 {key}"
    )
    assert len(told) == 5


def test_a_state_folder_has_neither(site: DoctorContext, tmp_path: Path) -> None:
    site.systemd.mkdir()
    elsewhere = replace(site, configuration=tmp_path / "elsewhere" / "config.toml")
    assert [result.verdict for result in (*installed.rights(elsewhere), *installed.units(elsewhere))] == [
        Verdict.OK
    ] * 2


def test_units_that_are_not_at_work_are_told(site: DoctorContext) -> None:
    assert [result.verdict for result in installed.units(site)] == [Verdict.OK]
    site.systemd.mkdir()
    told = {result.what.partition(" ")[0]: result for result in installed.units(site)}
    assert set(told) == set(installed.UNITS)
    api = told["dns-appliance-api.service"]
    assert api.verdict is Verdict.FAIL
    assert api.mend.startswith("systemctl start dns-appliance-api.service; journalctl -u")


def test_the_sqlite_in_use_is_named_and_one_that_loses_writes_is_refused(site: DoctorContext) -> None:
    _, in_use, *_ = programs.versions(site)
    assert (in_use.verdict, in_use.what) == (Verdict.OK, f"SQLite {apsw.sqlite_lib_version()}")
    _, older, *_ = programs.versions(site, (3, 51, 2))
    assert (older.verdict, older.what) == (Verdict.FAIL, "SQLite 3.51.2 is older than 3.51.3")
    assert "apsw" in older.mend
