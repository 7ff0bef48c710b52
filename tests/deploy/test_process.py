"""The deployer's process: one for a store, and what an operator may allow it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.deploy.process import allow_removals, run_deployer
from appliance.errors import AlreadyRunning, SettingsError, StoreError
from appliance.keys import new_key
from appliance.processes import exclusive_lock
from appliance.settings import DeployerSettings, Settings, StoreSettings, read_settings
from appliance.store import unknown_zones
from appliance.systemd import ServiceManager
from tests.deploy.builders import name
from tests.workspace import Workspace


@pytest.fixture
def settings(workspace: Workspace, tmp_path: Path) -> Settings:
    """Settings of a deployer of the workspace's store, whose nameserver nobody runs."""
    read = read_settings(None, {"DNS_APPLIANCE_DNS_NAMESERVERS": "ns1.example.net=127.0.0.1:9"})
    key = tmp_path / "any.key"
    key.write_text(new_key("any").statement())
    deployer = replace(
        DeployerSettings(),
        zone_directory=tmp_path,
        socket=tmp_path / "deployer.socket",
        control_key=key,
        update_key=key,
        transfer_key=key,
    )
    return replace(read, store=StoreSettings(workspace.store.path), deployer=deployer)


def test_a_second_deployer_of_the_store_is_refused(settings: Settings, workspace: Workspace) -> None:
    with exclusive_lock(workspace.store.path.with_name("deployer.lock")), pytest.raises(AlreadyRunning):
        run_deployer(settings, workspace.clock, ServiceManager(), once=True)


def test_a_deployer_needs_a_store(settings: Settings, workspace: Workspace, tmp_path: Path) -> None:
    without = replace(settings, store=StoreSettings(tmp_path / "missing" / "store.sqlite3"))
    (tmp_path / "missing").mkdir()
    with pytest.raises(StoreError):
        run_deployer(without, workspace.clock, ServiceManager(), once=True)
    assert not (tmp_path / "missing" / "store.sqlite3").exists()


def test_a_deployer_needs_a_nameserver(workspace: Workspace) -> None:
    with pytest.raises(SettingsError, match=r"dns\.nameservers"):
        run_deployer(Settings(), workspace.clock, ServiceManager(), once=True)


def test_a_deployer_refuses_a_ttl_that_signed_zones_cannot_have(settings: Settings, workspace: Workspace) -> None:
    high = replace(settings, dns=replace(settings.dns, apex_ttl=86_401))
    workspace.editor.change_zone(workspace.owner, workspace.zone().uuid, {"dnssec": True})
    with pytest.raises(SettingsError, match=r"dns\.apex_ttl is 86401, and example\.com is signed .* 86400 seconds"):
        run_deployer(high, workspace.clock, ServiceManager(), once=True)


def test_an_operator_allows_the_removal_of_the_unknown_zones_there_are(
    settings: Settings, workspace: Workspace
) -> None:
    assert allow_removals(settings, workspace.clock) == 0
    with workspace.store.writing():
        unknown_zones.store([("0" * 32, name("unknown.example"))], workspace.clock())
    assert unknown_zones.allowed() == set()
    assert allow_removals(settings, workspace.clock) == 1
    assert unknown_zones.allowed() == {"0" * 32}
