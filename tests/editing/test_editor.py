"""The editor of an appliance, built from its settings in one place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.editing import RecordInput, editor_from
from appliance.errors import InputError
from appliance.settings import DeployerSettings, QuotaSettings, Settings
from appliance.store import wakeup
from tests.workspace import Workspace


def test_it_has_the_quotas_and_names_of_the_settings(workspace: Workspace) -> None:
    announced: list[None] = []
    settings = Settings(quotas=QuotaSettings(records=1))
    settings = replace(settings, dns=replace(settings.dns, default_ttl=77))
    editor = editor_from(settings, workspace.store, workspace.clock, announce=lambda: announced.append(None))
    zone = editor.create_zone(workspace.owner, "example.com")
    record = editor.create_record(workspace.owner, zone.uuid, RecordInput("A", "www", "192.0.2.1"))[1]
    assert record.ttl == 77 and len(announced) == 2
    with pytest.raises(InputError, match="1 records"):
        editor.create_record(workspace.owner, zone.uuid, RecordInput("A", "mail", "192.0.2.1"))
    with pytest.raises(InputError, match=r"."):
        editor.create_zone(workspace.owner, settings.dns.catalog)


def test_it_announces_at_the_deployers_socket(workspace: Workspace, tmp_path: Path) -> None:
    settings = replace(Settings(), deployer=DeployerSettings(socket=tmp_path / "notice"))
    editor = editor_from(settings, workspace.store, workspace.clock)
    with wakeup.listen(settings.deployer.socket) as notices:
        editor.create_zone(workspace.owner, "example.com")
        assert notices.recv(10)


@pytest.mark.parametrize(("served", "steps"), [(-5, 1), (0, 1), (9, 10)])
def test_a_serial_is_raised_over_what_is_served_or_by_one_if_that_is_earlier(
    workspace: Workspace, served: int, steps: int
) -> None:
    zone = workspace.zone()
    assert workspace.editor.raise_serial(zone.uuid, zone.serial + served).serial == zone.serial + steps
