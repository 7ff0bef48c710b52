"""A signed zone whose files are lost or cut while ns1 is down is signed again, and served as its users left it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.appliance import Appliance, Client
from tests.kills import not_restarted
from tests.live_zone import HEAL_SECONDS
from tests.pair import wait_for


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


BREAKS: dict[str, Callable[[Path], object]] = {
    "lost.files-lost.example": lambda path: path.with_name(f"{path.name}.jnl").unlink(),
    "cut.files-lost.example": cut,
    "missing.files-lost.example": Path.unlink,
}
"""What happens to the file of the signed zone, or its journal."""


MORE = b"\xc0\0\2\2"


def is_answered(appliance: Appliance, name: str) -> bool:
    """Return True if both nameservers answer MORE."""
    return [appliance.answer(name, "A", server)[1] for server in (1, 2)] == [{MORE}] * 2


def is_signed(api: Client, zone: dict[str, Any]) -> bool:
    """Return True if every nameserver serves the zone signed, and it is not stuck."""
    shown = dnssec(api, zone)
    return shown["state"] == "ds-wait" and "stuck" not in str(shown["problems"])


def dnssec(api: Client, zone: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.expect(200, "GET", f"/dns-zones/{zone['uuid']}/dnssec/")
    return found


def test_signed_zones_are_served_again_after_their_files_were_lost(appliance: Appliance) -> None:
    api = appliance.client(appliance.token("again@example.org"))
    zones = [api.zone(domain) for domain in BREAKS]
    for zone in zones:
        api.record(zone, "A", "www", "192.0.2.1")
        api.expect(200, "PATCH", f"/dns-zones/{zone['uuid']}/", {"dnssec": True})
    for zone in zones:
        wait_for(partial(is_signed, api, zone), "it is signed", HEAL_SECONDS)
        api.record(zone, "A", "more", "192.0.2.2")
        api.wait_until_live(zone)

    def break_files() -> None:
        for zone, damage in zip(zones, BREAKS.values(), strict=True):
            damage(appliance.state / "zones" / f"{zone['uuid']}.zone.signed")

    with not_restarted(appliance, "ns1/named.conf"):
        break_files()
        for domain in BREAKS:
            assert appliance.answer(f"more.{domain}", "A", 2)[1] == {MORE}
    for zone, domain in zip(zones, BREAKS, strict=True):
        wait_for(partial(is_answered, appliance, f"more.{domain}"), "it is served as before", HEAL_SECONDS)
        wait_for(partial(is_signed, api, zone), "it is signed again", HEAL_SECONDS)
        assert f"event=signed-again zone={domain}" in appliance.log("deployer")
        api.record(zone, "A", "later", "192.0.2.2")
        api.wait_until_live(zone)
        assert is_answered(appliance, f"later.{domain}")
