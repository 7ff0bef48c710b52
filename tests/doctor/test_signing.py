"""What the doctor says where no zone is signed, of the clock, and of keys on an installed host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.doctor import kernel_clock, signing
from appliance.doctor.result import DoctorContext, Verdict
from appliance.settings import Settings, StoreSettings
from tests.workspace import Workspace


@pytest.fixture
def context(workspace: Workspace, tmp_path: Path) -> DoctorContext:
    settings = Settings(store=StoreSettings(workspace.store.path))
    deployer = replace(settings.deployer, zone_directory=tmp_path / "zones")
    (tmp_path / "zones").mkdir()
    conf = tmp_path / "named.conf"
    conf.write_text("options { allow-new-zones yes; };\n")
    chosen = replace(settings, deployer=deployer)
    elsewhere = tmp_path / "config.toml"
    return DoctorContext(
        chosen,
        workspace.clock,
        system_configuration=conf,
        configuration=elsewhere,
        is_synchronized=lambda: False,
    )


def sign(workspace: Workspace) -> None:
    workspace.editor.change_zone(workspace.owner, workspace.zone().uuid, {"dnssec": True})


def test_a_missing_policy_matters_once_a_zone_is_to_be_signed(context: DoctorContext, workspace: Workspace) -> None:
    (found,) = signing.policy(context)
    assert found.verdict is Verdict.WARN and "host named-conf" in found.repair
    sign(workspace)
    (found,) = signing.policy(context)
    assert found.verdict is Verdict.FAIL and "example.com is to be signed" in found.what
    context.system_configuration.write_text("options { allow-new-zones no; };\n")
    assert [one.verdict for one in signing.policy(context)] == [Verdict.OK]


def test_the_clock_matters_once_a_zone_is_signed(context: DoctorContext, workspace: Workspace) -> None:
    assert [one.verdict for one in signing.clock(context)] == [Verdict.OK]
    sign(workspace)
    (found,) = signing.clock(context)
    assert found.verdict is Verdict.WARN and "timedatectl" in found.repair
    in_time = replace(context, is_synchronized=lambda: True)
    assert [one.verdict for one in signing.clock(in_time)] == [Verdict.OK]


def test_a_high_ttl_of_the_apex_matters_once_a_zone_is_signed(context: DoctorContext, workspace: Workspace) -> None:
    dns = replace(context.settings.dns, apex_ttl=86_401)
    high = replace(context, settings=replace(context.settings, dns=dns))
    assert [one.verdict for one in signing.ttl(high)] == [Verdict.OK]
    sign(workspace)
    assert [one.verdict for one in signing.ttl(context)] == [Verdict.OK]
    (found,) = signing.ttl(high)
    assert found.verdict is Verdict.FAIL and "example.com is signed, which allows 86400" in found.what


def test_the_kernel_says_whether_its_clock_is_kept() -> None:
    assert kernel_clock.is_synchronized() in (True, False)


def test_folders_of_keys_on_a_host_belong_to_the_deployer(context: DoctorContext, tmp_path: Path) -> None:
    (found,) = signing.keys(context)
    assert found.verdict is Verdict.OK and found.what.startswith("0 folders")
    folder = tmp_path / "zones" / "keys" / str(uuid4())
    folder.mkdir(parents=True)
    folder.chmod(0o2770)
    assert [one.verdict for one in signing.keys(context)] == [Verdict.OK]
    deployer = replace(context.settings.deployer, control_key=tmp_path / "rndc.key")
    installed = replace(context, settings=replace(context.settings, deployer=deployer))
    (found,) = signing.keys(installed)
    assert found.verdict is Verdict.FAIL
    assert found.what.endswith("and should be 2770 dns-appliance-deployer:bind")
    assert found.repair == f"chown dns-appliance-deployer:bind {folder} && chmod 2770 {folder}"
