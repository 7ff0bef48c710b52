"""`zone dnssec`: what it prints, what it changes, and which options exclude each other."""

from __future__ import annotations

import json

import dns.name
import pytest

from appliance.store import zones
from appliance.zones.model import Zone
from appliance.zones.signing import Signing, Timing
from tests.cli.conftest import State
from tests.signing import at_parent, key, signed, store_signing

ZONE = dns.name.from_text("example.com.")
READY = key(ds=Timing.RUMOURED)


def zone_of(state: State) -> Zone:
    """Return the zone as it is stored."""
    zone = zones.get_by_name(ZONE)
    assert zone
    return zone


def seen(state: State, known: Signing) -> None:
    """Store what the deployer would have seen."""
    with state.workspace.store.writing():
        store_signing(zone_of(state), known)


def dnssec(state: State, *options: str) -> list[str]:
    """Return the lines that the command prints."""
    done = state.run_here("zone", "dnssec", "example.com", *options)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_dnssec_is_turned_on_confirmed_rolled_and_off(state: State) -> None:
    state.workspace.zone()
    assert dnssec(state) == ["state: unsigned"]
    on = dnssec(state, "--on")
    assert on[0].startswith("state: signing (since 20") and on[1] == "next: every nameserver serves the zone signed"
    assert zone_of(state).signed
    seen(state, signed(READY, parent=at_parent(ZONE)))
    lines = dnssec(state)
    assert lines[1] == "next: DS at the registrar"
    assert lines[2] == "parent com: has no DS of this zone at every nameserver (checked at 2031-05-04T12:00:00Z)"
    assert lines[4] == "problems: key-not-backed-up" and lines[5] == READY.ds_of(ZONE).line(ZONE) and len(lines) == 6
    shown = json.loads("\n".join(dnssec(state, "--json")))
    assert shown["state"] == "ds-ready" and len(shown["ds"]) == 2
    seen(state, signed(READY, parent=at_parent(ZONE, READY)))
    assert dnssec(state, "--roll")[1] == "next: the rollover begins"
    refused = state.run_here("zone", "dnssec", "example.com", "--confirm", "published", "--key", "1")
    assert refused.exit_code == 1 and "the state is secured" in str(refused.exception)
    assert dnssec(state, "--off")[1] == "next: removal of the DS at the registrar"
    seen(state, signed(READY, parent=at_parent(ZONE)))
    assert dnssec(state, "--confirm", "withdrawn")[0].startswith("state: ds-expiring")


@pytest.mark.parametrize(
    "options", [("--on", "--off"), ("--on", "--roll"), ("--off", "--confirm", "published"), ("--key", "1")]
)
def test_options_that_exclude_each_other(state: State, options: tuple[str, ...]) -> None:
    state.workspace.zone()
    assert state.run_here("zone", "dnssec", "example.com", *options).exit_code == 2
    assert not zone_of(state).dnssec


def test_a_signed_zone_is_created_and_deleted_once_its_ds_is_gone(state: State) -> None:
    created = state.run_here("zone", "create", "example.com", "--dnssec", "--account", "owner@example.org", "--no-wait")
    assert created.exit_code == 0 and zone_of(state).signed, created.output
    seen(state, signed(READY, parent=at_parent(ZONE, READY)))
    refused = state.run_here("zone", "delete", "example.com", "--no-wait")
    assert refused.exit_code == 1 and "repeat the request with --ds-withdrawn" in str(refused.exception)
    assert state.run_here("zone", "delete", "example.com", "--ds-withdrawn", "--no-wait").exit_code == 0
    assert zones.get_by_name(ZONE) is None
