"""The state folder: created once, secrets closed to others, nothing lost at the next start."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from appliance.addresses import LOOPBACK, Endpoint
from appliance.embedded.state import (
    blocking_folder,
    free_port,
    ports_in_use,
    prepare_state_folder,
    reachable_program,
    unprivileged_owner,
)
from appliance.files import Owner
from appliance.provision.bootstrap import catalog_file
from appliance.settings import read_settings
from appliance.zones.catalog import FILE_UUID
from tests.pair import free_port as port


def prepared(folder: Path) -> Path:
    folder.chmod(0o755)
    return prepare_state_folder(folder, Endpoint(LOOPBACK, port()), port(), (9, 18), {}).folder


def test_secrets_are_closed_to_others(state_folder: Path) -> None:
    folder = prepared(state_folder)
    closed = [*folder.glob("keys/*.key"), *folder.glob("ns?/named.conf"), folder / "config.toml"]
    assert len(closed) == 6
    for file in closed:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "store").stat().st_mode) == 0o700


def test_run_has_neither_quotas_nor_rates(state_folder: Path) -> None:
    settings = read_settings(prepared(state_folder) / "config.toml", {})
    assert (settings.quotas.zones, settings.quotas.records) == (0, 0)
    api = settings.api
    assert (api.token_rate, api.failure_rate, api.account_write_rate, api.zone_write_rate) == (0, 0, 0, 0)
    assert api.connections == 0


def test_logs_and_zones_are_closed_to_others(state_folder: Path) -> None:
    (state_folder / "zones").mkdir(mode=0o755)
    folder = prepared(state_folder)
    for name in ("zones", "ns1", "ns2", "ns2/zones"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "logs").stat().st_mode) == 0o711


def test_a_new_folder_is_open_to_named_whatever_the_umask(state_folder: Path) -> None:
    state_folder.chmod(0o755)
    before = os.umask(0o077)
    try:
        new = state_folder / "a" / "b"
        prepare_state_folder(new, Endpoint(LOOPBACK, port()), port(), (9, 18), {})
    finally:
        os.umask(before)
    assert blocking_folder(new, Owner(65534, 65534)) is None


def test_a_catalog_name_from_the_environment_is_that_of_both_nameservers(state_folder: Path) -> None:
    former = prepared(state_folder)
    environment = {"DNS_APPLIANCE_DNS_CATALOG": "renamed.test"}
    prepare_state_folder(state_folder, Endpoint(LOOPBACK, port()), port(), (9, 18), environment)
    for conf in former.glob("ns?/named.conf"):
        assert 'zone "renamed.test"' in conf.read_text()
        assert "catalog.appliance.test" not in conf.read_text()
    assert catalog_file(state_folder / "zones").read_bytes().startswith(b"renamed.test. ")


@pytest.mark.parametrize(
    ("text", "endpoint"), [("127.0.0.1:5355", Endpoint("127.0.0.1", 5355)), ("", None)], ids=["set", "empty"]
)
def test_updates_where_the_environment_says(state_folder: Path, text: str, endpoint: Endpoint | None) -> None:
    state_folder.chmod(0o755)
    environment = {"DNS_APPLIANCE_DOORS_UPDATE": text}
    state = prepare_state_folder(state_folder, Endpoint(LOOPBACK, port()), port(), (9, 18), environment)
    assert state.updates == endpoint


def test_its_settings_have_no_rate_limits(state_folder: Path) -> None:
    api = read_settings(prepared(state_folder) / "config.toml", {}).api
    assert (api.token_rate, api.failure_rate) == (0, 0)


def test_keys_and_catalog_are_kept(state_folder: Path) -> None:
    folder = prepared(state_folder)
    before = {file: file.read_bytes() for file in (*folder.glob("keys/*"), folder / "zones" / f"{FILE_UUID}.zone")}
    prepared(state_folder)
    assert {file: file.read_bytes() for file in before} == before


def test_the_settings_it_writes_can_be_read(state_folder: Path) -> None:
    folder = prepared(state_folder)
    settings = read_settings(folder / "config.toml", {})
    assert [server.name for server in settings.dns.nameservers] == ["ns1.appliance.test", "ns2.appliance.test"]
    assert settings.store.path == folder / "store" / "store.sqlite3"


def test_a_closed_folder_on_the_path_is_found(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "state").mkdir(parents=True)
    closed.chmod(0o700)
    other = Owner(65534, 65534)
    assert blocking_folder(closed / "state", other) in (closed, *tmp_path.parents, tmp_path)
    assert blocking_folder(closed / "state", Owner(0, 0)) is None


def test_a_program_behind_a_closed_folder_is_copied(state_folder: Path, tmp_path: Path) -> None:
    state_folder.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir()
    program = closed / "program"
    program.write_text("#!/bin/sh\n")
    closed.chmod(0o700)
    copy = reachable_program(program, state_folder, Owner(65534, 65534))
    assert copy == state_folder / "program"
    assert copy.read_text() == program.read_text()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o755
    assert reachable_program(copy, tmp_path, Owner(65534, 65534)) == copy


def test_the_control_port_is_none_of_the_reserved_ones() -> None:
    only = free_port()
    assert free_port(*({*range(20_000, 32_000)} - {only})) == only


def test_ports_in_use_are_found() -> None:
    with socket.socket() as held:
        held.bind((LOOPBACK, 0))
        held.listen()
        used = held.getsockname()[1]
        assert ports_in_use(used, free_port()) == [used]


def test_root_drops_its_privileges() -> None:
    assert unprivileged_owner().uid != 0
