"""`zone warnings`: the list of the API, as text and as JSON."""

from __future__ import annotations

import json

from tests.cli.conftest import State


def test_warnings_of_a_zone(state: State) -> None:
    zone = state.workspace.zone("example.com")
    assert state.run_here("zone", "warnings", "example.com").output == "0 warnings\n"
    state.workspace.add(zone, "SRV", "_sip._tcp", "1 2 sip.example.com", priority=0)
    found = state.run_here("zone", "warnings", "example.com")
    assert found.exit_code == 0 and found.stderr == "1 warning\n"
    assert found.stdout.startswith(
        "_sip._tcp (target-without-address): sip.example.com is a target of the SRV records of "
    )
    assert ": add an A or AAAA record at sip.example.com" in found.stdout
    (shown,) = json.loads(state.run_here("zone", "warnings", "example.com", "--json").stdout)
    assert shown.keys() == {"code", "detail", "remedy", "name"} and shown["code"] == "target-without-address"


def test_a_zone_that_does_not_exist(state: State) -> None:
    found = state.run_here("zone", "warnings", "example.net")
    assert found.exit_code == 1 and "example.net" in str(found.exception)
