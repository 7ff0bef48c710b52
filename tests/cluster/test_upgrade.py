"""An upgrade from the previous release under load: no query fails, and the API is soon back."""

from __future__ import annotations

from collections.abc import Callable

from appliance import __version__
from tests.appliance import Client
from tests.cluster.cluster import wait_until_answered
from tests.cluster.releases import LEFT_OUT, PREVIOUS
from tests.cluster.setups import Upgrade
from tests.pair import wait_for

MAX_GAP = 5.0


def test_the_previous_release_is_replaced_by_this_one(upgraded: Upgrade) -> None:
    assert upgraded.before == PREVIOUS
    assert upgraded.cluster.installed == __version__
    assert upgraded.cluster.running_releases == {__version__}


def test_its_database_was_backed_up_and_migrated(upgraded: Upgrade) -> None:
    upgraded.cluster.ns1.sudo(f"test -s /var/lib/dns-appliance/store.sqlite3.before-{LEFT_OUT}")
    prepared = upgraded.cluster.appliance("host prepare")
    assert prepared == ""


def test_every_query_is_answered(upgraded: Upgrade, record_property: Callable[[str, object], None]) -> None:
    assert not upgraded.ns1.failures + upgraded.ns2.failures
    assert min(upgraded.ns1.sent, upgraded.ns2.sent) > 100
    record_property("upgrade", f"{upgraded.ns1.sent + upgraded.ns2.sent} queries, all answered")


def test_the_api_is_unavailable_only_for_seconds(
    upgraded: Upgrade, record_property: Callable[[str, object], None]
) -> None:
    assert upgraded.api.sent > 100
    assert upgraded.api.longest_gap < MAX_GAP
    record_property("upgrade", f"the API was unavailable for {upgraded.api.longest_gap:.2f} s")


def test_what_was_stored_meanwhile_is_served(upgraded: Upgrade, record_property: Callable[[str, object], None]) -> None:
    assert len(upgraded.stored) > 10
    for host in (upgraded.cluster.ns1, upgraded.cluster.ns2):
        for name in upgraded.stored:
            wait_until_answered(host, f"{name}.upgrade.example", "A", "192.0.2.3")
    record_property("upgrade", f"{len(upgraded.stored)} changes, all served")


def test_changes_are_published_by_update_from_now_on(upgraded: Upgrade, api: Client) -> None:
    zone = api.zone("published.example")
    api.wait_until_live(zone)
    api.record(zone, "A", "www", "192.0.2.1")
    name = 'dns_appliance_published_total{method="update"}'
    wait_for(lambda: upgraded.cluster.metrics.get(name, 0) > 0, "a change is published by UPDATE", 60)


def test_an_older_zone_can_be_changed(upgraded: Upgrade, api: Client) -> None:
    (zone,) = api.expect(200, "GET", "/dns-zones/?domain=upgrade.example")
    api.record(zone, "A", "after", "192.0.2.2")
    for host in (upgraded.cluster.ns1, upgraded.cluster.ns2):
        wait_until_answered(host, "after.upgrade.example", "A", "192.0.2.2")
