"""This release in the place of the one before, while everyone asks: nothing is lost, and the API is soon back."""

from __future__ import annotations

from appliance import __version__
from tests.appliance import Client
from tests.cluster.cluster import wait_until_answered
from tests.cluster.releases import FORMER, LAST_MIGRATION
from tests.cluster.setups import Upgrade

LONGEST_GAP = 5.0


def test_the_release_before_gave_its_place_to_this_one(upgraded: Upgrade) -> None:
    assert upgraded.before == FORMER
    assert upgraded.cluster.installed == __version__
    assert upgraded.cluster.at_work == {__version__}


def test_its_store_was_put_aside_and_brought_to_the_tables_of_this_one(upgraded: Upgrade) -> None:
    upgraded.cluster.ns1.sudo(f"test -s /var/lib/dns-appliance/store.sqlite3.before-{LAST_MIGRATION}")
    prepared = upgraded.cluster.appliance("host prepare")
    assert prepared == ""


def test_no_question_goes_unanswered(upgraded: Upgrade, figures: list[str]) -> None:
    assert not upgraded.ns1.lost + upgraded.ns2.lost
    assert min(upgraded.ns1.asked, upgraded.ns2.asked) > 100
    figures.append(f"upgrade: {upgraded.ns1.asked + upgraded.ns2.asked} questions, all answered")


def test_the_api_is_away_for_a_moment_only(upgraded: Upgrade, figures: list[str]) -> None:
    assert upgraded.api.asked > 100
    assert upgraded.api.longest_gap < LONGEST_GAP
    figures.append(f"upgrade: the API was away for {upgraded.api.longest_gap:.2f} s")


def test_what_was_there_before_is_changed_and_answered(upgraded: Upgrade, api: Client) -> None:
    (zone,) = api.expect(200, "GET", "/dns-zones/?domain=upgrade.example")
    api.record(zone, "A", "after", "192.0.2.2")
    for host in (upgraded.cluster.ns1, upgraded.cluster.ns2):
        wait_until_answered(host, "after.upgrade.example", "A", "192.0.2.2")
