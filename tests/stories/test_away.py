"""A secondary that is down while zones are changed, created and deleted, and a primary that does not answer."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.appliance import Appliance
from tests.live_zone import HEAL_SECONDS, LiveZone
from tests.pair import wait_for

DELETED, CREATED = "deleted.example", "created.example"


@pytest.fixture
def live_zone() -> Iterator[LiveZone]:
    """A live zone on its own appliance."""
    with Appliance() as own:
        yield LiveZone(own)


@contextmanager
def secondary_down(live_zone: LiveZone) -> Iterator[None]:
    """Kill the secondary and prevent its restart while the block runs."""
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


def test_a_secondary_catches_up_after_an_outage(live_zone: LiveZone) -> None:
    deleted = live_zone.api.zone(DELETED)
    live_zone.api.wait_until_live(deleted)
    problem = "nameserver ns2.appliance.test is unreachable"
    with secondary_down(live_zone):
        live_zone.change()
        live_zone.api.expect(204, "DELETE", f"/dns-zones/{deleted['uuid']}/")
        live_zone.api.zone(CREATED)
        wait_for(lambda: problem in live_zone.problems(), "it is reported", HEAL_SECONDS)
        assert problem in live_zone.appliance.command("status", status=1)
        wait_for(lambda: rcodes(live_zone, DELETED) == ["REFUSED", None], "the primary has dropped it")
        wait_for(lambda: rcodes(live_zone, CREATED) == ["NOERROR", None], "the primary has the new one")
    live_zone.wait_until_healed()
    wait_for(lambda: rcodes(live_zone, DELETED) == ["REFUSED"] * 2, "both have dropped it", HEAL_SECONDS)
    wait_for(lambda: rcodes(live_zone, CREATED) == ["NOERROR"] * 2, "both have the new one", HEAL_SECONDS)
    wait_for(
        lambda: live_zone.appliance.command("status", status=None).count("What to do") == 0, "status reports no problem"
    )


def test_a_secondary_follows_a_primary_that_did_not_answer_before(live_zone: LiveZone) -> None:
    """BIND 9.18 remembers for ten minutes that a primary was unreachable."""
    with live_zone.appliance.without("ns1/named.conf"):
        live_zone.restart("ns2/named.conf")
        silent = "retry limit for primary 127.0.0.1"
        wait_for(
            lambda: silent in live_zone.appliance.log("ns2"), "the secondary has given up its primary", HEAL_SECONDS
        )
        live_zone.change()
    live_zone.wait_until_healed()
