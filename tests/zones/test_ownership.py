"""What holds say, where a proof is looked for, and how often."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import dns.name
import pytest

from appliance.zones.labels import MAX_LABEL_OCTETS
from appliance.zones.names import print_domain
from appliance.zones.ownership import LONGEST_PAUSE, MOST_CHALLENGED, Hold, HoldReason, challenges

DOMAIN = dns.name.from_text("shop.example.co.uk")


def hold(reason: HoldReason, problem: str = "", checks: int = 0) -> Hold:
    return Hold(uuid4(), DOMAIN, "a-token", reason, problem, checks=checks)


def is_public(domain: str) -> bool:
    return domain in ("co.uk", "uk")


@pytest.mark.parametrize("reason", [HoldReason.DELEGATED, HoldReason.ALWAYS])
def test_the_text_says_what_publishes_the_zone(reason: HoldReason) -> None:
    text = hold(reason, "no answer").text
    assert "_dns-appliance-challenge.shop.example.co.uk" in text and "a-token" in text and "operator" in text
    assert text.endswith(" (last check: no answer)")


def test_before_the_first_check_nothing_is_demanded() -> None:
    assert hold(HoldReason.UNCHECKED).text == (
        "not published yet: the appliance is checking whether shop.example.co.uk is delegated to its nameservers"
    )


def test_a_proof_counts_for_the_domain_and_those_above_it() -> None:
    found = [print_domain(name) for name in challenges(DOMAIN, is_public)]
    assert found == ["_dns-appliance-challenge.shop.example.co.uk", "_dns-appliance-challenge.example.co.uk"]


def test_a_public_suffix_is_proven_by_itself_alone() -> None:
    suffix = dns.name.from_text("co.uk")
    assert [print_domain(name) for name in challenges(suffix, is_public)] == ["_dns-appliance-challenge.co.uk"]


def test_names_that_are_too_long_and_too_many_are_left_out() -> None:
    longest = dns.name.from_text(".".join(["a" * MAX_LABEL_OCTETS] * 3 + ["b" * 55, "uk"]))
    assert len(challenges(longest, is_public)) == 3
    assert len(challenges(dns.name.from_text("a." * 30), is_public)) == MOST_CHALLENGED


def test_pauses_grow_to_a_quarter_of_an_hour() -> None:
    pauses = [hold(HoldReason.ALWAYS, checks=checks).next_pause for checks in range(1, 12)]
    assert pauses[0] == timedelta(seconds=10) and pauses == sorted(pauses) and pauses[-1] == LONGEST_PAUSE
    assert hold(HoldReason.ALWAYS, checks=10**6).next_pause == LONGEST_PAUSE
