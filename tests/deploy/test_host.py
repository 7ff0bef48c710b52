"""What the settings say about the primary's host."""

from __future__ import annotations

import pytest

from appliance.deploy.host import PrimaryHost, host_from
from appliance.errors import SettingsError
from appliance.settings import Settings


def test_the_first_nameserver_is_the_primary(host: PrimaryHost) -> None:
    assert host.primary == host.nameservers[0]
    assert host.secondaries == host.nameservers[1:]


def test_without_a_nameserver_there_is_no_host() -> None:
    with pytest.raises(SettingsError, match=r"dns\.nameservers"):
        host_from(Settings())
