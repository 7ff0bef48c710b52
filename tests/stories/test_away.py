"""A secondary that is away while zones change, come and go, and a primary that is silent to its secondary."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.appliance import Appliance
from tests.live_zone import HEAL_SECONDS, LiveZone
from tests.pair import wait_for

GOING, COMING = "going.example", "coming.example"


@pytest.fixture
def live_zone() -> Iterator[LiveZone]:
    """A zone of an appliance of its own."""
    with Appliance() as own:
        yield LiveZone(own)


@contextmanager
def away(live_zone: LiveZone) -> Iterator[None]:
    """The secondary has ended, and does not start as long as the block runs."""
    conf = live_zone.appliance.state / "ns2" / "named.conf"
    text = conf.read_text()
    conf.write_text("options { no-such-option yes; };")
    former = live_zone.appliance.child("ns2/named.conf")
    assert former
    os.kill(former, signal.SIGKILL)
    yield
    conf.write_text(text)


def rcodes(live_zone: LiveZone, domain: str) -> list[str | None]:
    return [live_zone.appliance.rcode(domain, server) for server in (1, 2)]


def test_a_secondary_that_comes_back_has_everything(live_zone: LiveZone) -> None:
    going = live_zone.api.zone(GOING)
    live_zone.api.wait_until_live(going)
    told = "nameserver ns2.appliance.test is unreachable"
    with away(live_zone):
        live_zone.change()
        live_zone.api.expect(204, "DELETE", f"/dns-zones/{going['uuid']}/")
        live_zone.api.zone(COMING)
        wait_for(lambda: told in live_zone.appliance.command("status", status=1), "status tells", HEAL_SECONDS)
        wait_for(lambda: rcodes(live_zone, GOING) == ["REFUSED", None], "the primary has dropped it")
        wait_for(lambda: rcodes(live_zone, COMING) == ["NOERROR", None], "the primary has the new one")
    live_zone.wait_until_healed()
    wait_for(lambda: rcodes(live_zone, GOING) == ["REFUSED"] * 2, "both have dropped it", HEAL_SECONDS)
    wait_for(lambda: rcodes(live_zone, COMING) == ["NOERROR"] * 2, "both have the new one", HEAL_SECONDS)
    wait_for(
        lambda: live_zone.appliance.command("status", status=None).count("What to do") == 0, "nothing is told any more"
    )


def test_a_secondary_that_found_its_primary_silent_takes_changes_after(live_zone: LiveZone) -> None:
    """BIND 9.18 remembers for ten minutes that a primary was not reached."""
    with live_zone.appliance.without("ns1/named.conf"):
        live_zone.restart("ns2/named.conf")
        silent = "retry limit for primary 127.0.0.1"
        wait_for(
            lambda: silent in live_zone.appliance.log("ns2"), "the secondary has given its primary up", HEAL_SECONDS
        )
        live_zone.change()
    live_zone.wait_until_healed()
