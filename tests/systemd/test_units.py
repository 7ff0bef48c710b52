"""The units agree with settings, users and program, and systemd accepts them."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import pytest

from appliance.cli import program
from appliance.nameserver.programs import run
from appliance.provision import users
from appliance.settings import DEFAULT_FILE, Settings, read_settings
from appliance.web.fair_threads import thread_count
from tests.systemd.units import FOLDER, SERVICES, UNITS, rows, values

PROGRAM = "/opt/dns-appliance/current/bin/dns-appliance"
API_SOCKET = Path("/run/dns-appliance-api/api.sock")
KEYS = [
    str(file)
    for file in (
        Settings().deployer.control_key,
        Settings().deployer.transfer_key,
        Settings().deployer.update_key,
    )
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with the files that the units refer to."""
    folder = tmp_path_factory.mktemp("root")
    installed = folder / PROGRAM[1:]
    installed.parent.mkdir(parents=True)
    shutil.copy("/bin/true", installed)
    place = folder / "etc" / "systemd" / "system"
    place.mkdir(parents=True)
    for unit in UNITS:
        shutil.copy(FOLDER / unit, place)
    for target in ("sysinit", "basic", "shutdown", "network-online", "multi-user", "timers"):
        (place / f"{target}.target").write_text("[Unit]\nDescription=of systemd\n")
    return folder


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_accepts_the_unit(root: Path, unit: str) -> None:
    assert run(("systemd-analyze", "verify", f"--root={root}", unit), timeout=60).output == ""


def test_systemd_reports_a_broken_unit(root: Path) -> None:
    broken = root / "etc" / "systemd" / "system" / "broken.service"
    broken.write_text("[Service]\nExecStart=/opt/missing\nWatchdogSeconds=1\n")
    try:
        output = run(("systemd-analyze", "verify", f"--root={root}", broken.name), timeout=60, accept=(0, 1)).output
    finally:
        broken.unlink()
    assert "WatchdogSeconds" in output
    assert "/opt/missing" in output


@pytest.mark.parametrize("service", SERVICES)
def test_exposure_is_two_at_most(service: str) -> None:
    unit = str(FOLDER / f"{service}.service")
    run(("systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", unit), timeout=60)


@pytest.mark.parametrize("service", SERVICES)
def test_each_starts_an_existing_command(service: str) -> None:
    path, command, *words = values(f"{service}.service", "ExecStart")
    assert path == PROGRAM
    known = program.commands[command]
    assert isinstance(known, click.Command)
    known.make_context(command, [word.replace("/var/backups/dns-appliance", "/tmp") for word in words])  # noqa: S108


def test_the_target_includes_all_units() -> None:
    also = values("dns-appliance.target", "Also")
    assert sorted(also) == ["dns-appliance-api.service", "dns-appliance-backup.timer", "dns-appliance-deployer.service"]
    assert values("dns-appliance-updates.service", "PartOf") == ["dns-appliance.target"]
    for unit in also:
        assert values(unit, "PartOf") == values(unit, "WantedBy") == ["dns-appliance.target"]


def test_they_run_as_the_users_of_sysusers() -> None:
    created = {row[1] for row in rows("dns-appliance.sysusers.conf") if row[0] in "ug"}
    assert created == {users.STORE_GROUP, users.API, users.DEPLOYER}
    assert values("dns-appliance-api.service", "User") == [users.API]
    assert values("dns-appliance-updates.service", "User") == [users.API]
    assert values("dns-appliance-deployer.service", "User") == [users.DEPLOYER]
    for service in SERVICES:
        assert values(f"{service}.service", "Group") == [users.STORE_GROUP]
    groups = [row[2] for row in rows("dns-appliance.sysusers.conf") if row[:2] == ["m", users.DEPLOYER]]
    assert groups == [users.STORE_GROUP, users.NAMED]
    assert values("dns-appliance-deployer.service", "SupplementaryGroups") == [users.DEPLOYER, users.NAMED]
    assert values("dns-appliance-api.service", "SupplementaryGroups") == []


def test_folders_are_those_of_the_settings() -> None:
    created = {row[1]: row[2:5] for row in rows("dns-appliance.tmpfiles.conf")}
    assert created == {
        str(DEFAULT_FILE.parent): ["0750", "root", users.STORE_GROUP],
        str(Settings().store.path.parent): ["2770", "root", users.STORE_GROUP],
        str(Settings().deployer.zone_directory): ["2770", users.DEPLOYER, users.NAMED],
        "/var/backups/dns-appliance": ["0700", "root", "root"],
    }
    assert {str(Path(key).parent) for key in KEYS} == {str(DEFAULT_FILE.parent)}
    for service, socket in ((SERVICES[0], API_SOCKET), (SERVICES[1], Settings().deployer.socket)):
        assert [f"/run/{name}" for name in values(f"{service}.service", "RuntimeDirectory")] == [str(socket.parent)]


def test_the_api_may_listen_at_a_socket_that_the_documents_name() -> None:
    assert f"unix:{API_SOCKET}" in (FOLDER.parent / "docs" / "operations.md").read_text("utf-8")


def test_each_may_write_only_what_it_must() -> None:
    store, zones = str(Settings().store.path.parent), str(Settings().deployer.zone_directory)
    backups = values("dns-appliance-backup.service", "ExecStart")[2]
    assert values("dns-appliance-api.service", "ReadWritePaths") == [store]
    assert values("dns-appliance-updates.service", "ReadWritePaths") == [store]
    assert values("dns-appliance-deployer.service", "ReadWritePaths") == [store, zones]
    assert values("dns-appliance-backup.service", "ReadWritePaths") == [store, backups]


def test_the_backup_alone_may_read_what_is_closed_to_it() -> None:
    """The private DNSSEC keys, in the folder of the zone files."""
    granted = {service: values(f"{service}.service", "CapabilityBoundingSet") for service in SERVICES}
    assert granted["dns-appliance-backup"] == ["CAP_DAC_READ_SEARCH"]
    assert [service for service, given in granted.items() if "CAP_DAC_READ_SEARCH" in given] == ["dns-appliance-backup"]
    hidden = values("dns-appliance-backup.service", "InaccessiblePaths")
    assert not [path for path in hidden if Settings().deployer.zone_directory.is_relative_to(path.removeprefix("-"))]


@pytest.mark.parametrize("service", ["dns-appliance-api", "dns-appliance-updates"])
def test_who_listens_sees_neither_keys_nor_zone_files(service: str) -> None:
    hidden = [path.removeprefix("-") for path in values(f"{service}.service", "InaccessiblePaths")]
    assert set(KEYS) < set(hidden)
    assert str(Settings().deployer.zone_directory.parent) in hidden


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_starts_without_settings(service: str) -> None:
    assert values(f"{service}.service", "ConditionPathExists") == [str(DEFAULT_FILE)]


@pytest.mark.parametrize("service", [*SERVICES[:2], SERVICES[3]])
def test_services_that_keep_running_have_notify_and_a_watchdog(service: str) -> None:
    unit = f"{service}.service"
    assert values(unit, "Type") == ["notify"]
    assert int(values(unit, "WatchdogSec")[0]) > 60  # longer than a blocked database may take by the settings
    assert values(unit, "Restart") == ["always"]
    assert values(unit, "StartLimitBurst")


@pytest.mark.parametrize("service", SERVICES)
def test_each_has_limits_of_memory_and_tasks(service: str) -> None:
    (memory,), (tasks,) = (values(f"{service}.service", key) for key in ("MemoryMax", "TasksMax"))
    assert 0 < int(memory.removesuffix("%")) < 100
    assert 0 < int(tasks) <= 512


@pytest.mark.parametrize("processes", range(1, 9))
def test_the_api_may_start_every_thread_that_its_settings_allow(processes: int) -> None:
    chosen = {"DNS_APPLIANCE_API_THREADS": "256", "DNS_APPLIANCE_API_PROCESSES": str(processes)}
    api = read_settings(None, chosen).api
    main, watchdog, watcher, parent = 1, 1, 1, 1
    started = api.processes * (thread_count(api.threads, api.processes) + main + watchdog + watcher) + parent
    assert int(values("dns-appliance-api.service", "TasksMax")[0]) > started


@pytest.mark.parametrize("service", SERVICES[:2])
def test_what_starts_processes_of_its_own_goes_on_when_one_of_them_is_out_of_memory(service: str) -> None:
    assert values(f"{service}.service", "OOMPolicy") == ["continue"]


def test_only_the_deployer_may_lower_its_priority() -> None:
    for service in SERVICES:
        permitted, forbidden, *more = values(f"{service}.service", "SystemCallFilter")
        assert (permitted, forbidden) == ("@system-service", "~@privileged")
        assert more == ["@resources"] + ["setpriority"] * (service == SERVICES[1])


def test_memory_runs_out_for_the_backup_first_and_for_named_last() -> None:
    order = ("dns-appliance-backup", "dns-appliance-api", "dns-appliance-deployer")
    scores = [int(values(f"{service}.service", "OOMScoreAdjust")[0]) for service in order]
    drop_in = FOLDER.parent / "ansible" / "roles" / "nameserver" / "files" / "named.service.conf"
    scores.append(int(values(str(drop_in), "OOMScoreAdjust")[0]))
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert scores[1] > 0 > scores[2]
