"""What the settings say about the primary's host."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.deploy.host import PrimaryHost, find_program, host_from
from appliance.errors import SettingsError
from appliance.settings import Settings
from tests.pair import program


def test_the_first_nameserver_is_the_primary(host: PrimaryHost) -> None:
    assert host.primary == host.nameservers[0]
    assert host.secondaries == host.nameservers[1:]


def test_without_a_nameserver_there_is_no_host() -> None:
    with pytest.raises(SettingsError, match=r"dns\.nameservers"):
        host_from(Settings())


def test_programs_are_found_by_name_and_left_as_they_are_given() -> None:
    assert Path(find_program("named-checkzone")).name == Path(program("named-checkzone")).name
    assert find_program("no-such-program") == "no-such-program"
