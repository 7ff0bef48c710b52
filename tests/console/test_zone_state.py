"""The state of a zone in words: who serves what, since when, and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from appliance.console.zone_state import explain, state_of
from appliance.zones.deployment import Deployment, NameserverState, Observation

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
LIVE = Observation("ns1.example.net", 7, NameserverState.LIVE, NOW, NOW)
SILENT = Observation("ns2.example.net", 6, NameserverState.UNREACHABLE, NOW, NOW)
LAGGING = Observation("ns3.example.net", 6, NameserverState.LAGGING, NOW, NOW)
DEPLOYING = Deployment(7, 7, 6, NOW, NOW, None, (LIVE, SILENT))


def test_a_zone_that_only_a_silent_nameserver_lacks_is_degraded() -> None:
    assert state_of(DEPLOYING) == "degraded"
    assert explain(DEPLOYING) == (
        "ns1.example.net serves this serial; ns2.example.net (since 2031-05-04 12:00 UTC) does not answer. "
        "Check that named runs there and can be reached; it then catches up by itself."
    )
    third = replace(SILENT, nameserver="ns4.example.net")
    shown = explain(replace(DEPLOYING, nameservers=(LIVE, replace(LIVE, nameserver="ns3.example.net"), SILENT, third)))
    assert shown.startswith("ns1.example.net and ns3.example.net serve this serial; ns2.example.net (since ")
    assert " and ns4.example.net (since 2031-05-04 12:00 UTC) do not answer." in shown


def test_a_zone_that_was_live_is_degraded_too() -> None:
    assert state_of(replace(DEPLOYING, live_serial=7)) == "degraded"


def test_a_zone_that_another_nameserver_lacks_is_not_degraded() -> None:
    for others in ((SILENT,), (LIVE, SILENT, LAGGING), (replace(LIVE, serial=6), SILENT), ()):
        assert state_of(replace(DEPLOYING, nameservers=others)) == "deploying"
    assert explain(replace(DEPLOYING, nameservers=(LIVE, LAGGING))).startswith("Deploying.")


def test_other_states_are_those_of_the_api() -> None:
    live = replace(DEPLOYING, live_serial=7, nameservers=(LIVE,))
    assert (state_of(live), explain(live)) == ("live", "All nameservers serve this serial.")
    pending = replace(live, serial=8)
    assert (state_of(pending), explain(pending)) == ("pending", "Waiting for the deployer.")
    failed = replace(DEPLOYING, nameservers=(LAGGING,), error="named refused it: x" + "<" * 1000)
    assert state_of(failed) == "failed" and explain(failed).startswith("Named refused it: x") and "…" in explain(failed)


def test_the_error_of_the_deployer_comes_first() -> None:
    assert explain(replace(DEPLOYING, error="ns2 is silent")) == "ns2 is silent."
