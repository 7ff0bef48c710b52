"""Why a zone is not live: one sentence with cause and remedy, from ten seconds after its change on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.zones.deployment import Deployment, NameserverState, Observation
from appliance.zones.deployment_error import explain
from tests.zones.records import NOW

SERIAL = 2031050405
LATER = NOW + timedelta(minutes=5)
SINCE = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
LIVE, LAGGING, UNREACHABLE = NameserverState.LIVE, NameserverState.LAGGING, NameserverState.UNREACHABLE


def seen(name: str, serial: int | None, state: NameserverState) -> Observation:
    return Observation(name, serial, state, NOW, NOW)


SERVES = seen("ns1", SERIAL, LIVE)
WAITING = Deployment(SERIAL, SERIAL, SERIAL - 1, None, NOW, None, [SERVES])


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (seen("ns2", None, UNREACHABLE), f"ns2 has not answered since {SINCE}: check that named runs there and"),
        (
            seen("ns2", None, LAGGING),
            f"ns2 has not served the zone since {SINCE}: read the log of its named: transfers",
        ),
        (seen("ns2", SERIAL - 1, LAGGING), f"ns2 serves serial {SERIAL - 1} since {SINCE}, not {SERIAL}: read the log"),
        (seen("ns2", SERIAL - 1, LIVE), f"ns2 serves serial {SERIAL - 1} since {SINCE}, not {SERIAL}: read the log"),
        (Observation("ns2", None, LAGGING, None, answered=False), "ns2 has not served the zone: read the log"),
    ],
)
def test_a_nameserver_that_does_not_serve_it_is_named(missing: Observation, sentence: str) -> None:
    for live_serial in (SERIAL - 1, SERIAL):
        late = replace(WAITING, live_serial=live_serial, nameservers=[SERVES, missing])
        if late.state.value != "live":
            assert (explain(late, LATER) or "").startswith(sentence)
            assert explain(late, NOW + timedelta(seconds=10)) is None


def test_a_primary_is_not_said_to_transfer() -> None:
    late = replace(WAITING, nameservers=[seen("ns1", SERIAL - 1, LAGGING), seen("ns2", SERIAL - 1, LAGGING)])
    first, second = (explain(late, LATER) or "").split("; ")
    assert "transfer" not in first
    assert "transfer" in second


def test_a_zone_that_has_not_started_waits() -> None:
    waiting = replace(WAITING, attempted=SERIAL - 1)
    assert explain(waiting, NOW) is None
    assert f"serial {SERIAL} waits for the deployer" in (explain(waiting, LATER) or "")


def test_a_failure_is_reported_at_once_and_a_live_zone_has_none() -> None:
    assert explain(replace(WAITING, error="check: refused"), NOW) == "check: refused"
    assert explain(replace(WAITING, live_serial=SERIAL, error="an earlier error"), LATER) is None


def test_a_deleted_zone_that_is_still_served_names_the_nameserver() -> None:
    gone = Observation("ns1", None, LAGGING, NOW, NOW)
    deleted = replace(WAITING, deleted=True, nameservers=[gone, seen("ns2", SERIAL, LAGGING)])
    assert (explain(deleted, LATER) or "").startswith("ns2 still serves the deleted zone: ")
    assert explain(replace(deleted, removed=True), LATER) is None


def test_what_was_not_recorded_yet_is_explained_too() -> None:
    assert "has not recorded that yet" in (explain(WAITING, LATER) or "")
