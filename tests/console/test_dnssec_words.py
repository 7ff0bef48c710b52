"""The state of a zone's DNSSEC in words: every state and problem, and who does what next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import dns.name
import pytest

from appliance.console.dnssec_words import MAX_REASON, explain_problems, explain_signing, explain_step
from appliance.zones.signing import ServedSigning, Signing, SigningProblem, SigningState, Timing, state_of
from appliance.zones.signing_outlook import next_step
from appliance.zones.signing_problems import problems_of
from appliance.zones.zone_cuts import ParentZone
from tests.signing import AT, at_parent, key, signed

ZONE = dns.name.from_text("example.com.")
READY = key(ds=Timing.RUMOURED)
NOW = AT + timedelta(minutes=1)
OFF = Signing(is_wanted=False, is_signed=False, since=AT)
ROLLING = signed(key(is_wanted=False), key(1), parent=at_parent(ZONE, key()))


def sentences(known: Signing, *, has_resolver: bool = True) -> tuple[str, str]:
    state, step = state_of(known, ZONE, NOW), next_step(known, ZONE, NOW)
    return explain_signing(state, step), explain_step(known, state, step, has_resolver=has_resolver)


@pytest.mark.parametrize(
    ("known", "state", "step"),
    [
        (OFF, "The zone is not signed.", ""),
        (signed(signed_at=None), "The zone is being signed", "You need to do nothing"),
        (signed(key()), "Caches may hold unsigned answers until 2031-05-05 13:15 UTC.", "Do not add the DS"),
        (
            signed(READY),
            "can be added",
            "Add the DS below at your registrar. The appliance checks the parent zone at least",
        ),
        (
            signed(READY, parent=at_parent(ZONE, READY)),
            "the parent zone has its DS.",
            "You need to do nothing: resolvers verify the answers.",
        ),
        (
            replace(signed(READY, parent=at_parent(ZONE, READY)), roll_requested_at=AT),
            "the parent zone has its DS.",
            "Next: the rollover begins.",
        ),
        (ROLLING, "a new key", "Next: caches have the new key, at 2031-05-04 14:15 UTC."),
        (signed(READY, is_wanted=False), "stays signed until the parent zone has no DS", "Remove every DS"),
        (
            replace(signed(READY, is_wanted=False, parent=at_parent(ZONE)), gone_since=AT),
            "stays signed until the parent zone has no DS",
            "Next: a second check of the parent without a DS, at 2031-05-04 12:10 UTC.",
        ),
        (
            replace(signed(READY, is_wanted=False), gone_since=AT, gone_at=AT, ds_ttl=3600),
            "Caches may hold it until 2031-05-04 13:00 UTC, and the zone stays signed until then.",
            "You need to do nothing. Do not move",
        ),
        (replace(OFF, served={"ns1": ServedSigning(1, AT)}), "not every nameserver", "You need to do nothing."),
    ],
)
def test_each_state_is_explained_with_the_next_step(known: Signing, state: str, step: str) -> None:
    explained, following = sentences(known)
    assert state in explained and (following.startswith(step) if step else not following)
    assert "Never" not in explained


def test_no_state_shows_a_time_that_has_passed() -> None:
    long_ago = AT - timedelta(days=2)
    waiting = signed(key(), signed_at=long_ago)
    expiring = replace(signed(READY, is_wanted=False), gone_since=long_ago, gone_at=long_ago)
    assert sentences(waiting)[0] == "The zone is signed. Caches have forgotten unsigned answers."
    assert "checked once more" in sentences(expiring)[0]
    gone = replace(signed(READY, is_wanted=False), gone_since=long_ago)
    assert sentences(gone)[1] == "Next: a second check of the parent without a DS, or a report that it is gone."
    assert sentences(expiring)[1] == "Next: a check of the parent without a DS, or a report that it is gone."
    for state in SigningState:
        assert "Never" not in explain_signing(state, None)


def test_without_a_resolver_users_confirm() -> None:
    for known in (signed(READY), signed(READY, is_wanted=False)):
        _, step = sentences(known, has_resolver=False)
        assert "Then confirm it here" in step and "dns.resolver" in step


def test_a_parent_zone_on_the_appliance_is_left_to_it() -> None:
    above = ParentZone(dns.name.from_text("org."), UUID(int=1), signed=False)
    for known, expected in (
        (signed(key()), "You need to do nothing: org gets the DS by itself."),
        (signed(READY), "Next: DS in org, which the appliance changes by itself, at "),
        (signed(READY, is_wanted=False), "Next: removal of the DS in org, which"),
        (signed(READY, parent=at_parent(ZONE, READY)), "Next: DNSSEC of org, without which"),
    ):
        _, explained = sentences(replace(known, own_parent=above), has_resolver=False)
        assert explained.startswith(expected) and "confirm" not in explained


def test_each_problem_says_what_it_means() -> None:
    parent = replace(at_parent(ZONE, key(1)), problem="ns1.nic.test did not answer")
    old = ServedSigning(1, AT + timedelta(days=1), frozenset({1}))
    known = replace(signed(READY, parent=parent), lacks_keys=True, is_stuck=True, served={"ns1": old})
    assert set(problems_of(known, ZONE, NOW)) == set(SigningProblem)
    found = explain_problems(known, ZONE, NOW)
    assert len(set(found)) == len(SigningProblem)
    assert "The first signature expires at 2031-05-05 12:00 UTC." in " ".join(found)
    assert found[-1] == "The parent zone could not be checked: ns1.nic.test did not answer."
    assert explain_problems(OFF, ZONE, NOW) == []
    (*_, longest) = explain_problems(replace(known, parent=replace(parent, problem="x" * 1000)), ZONE, NOW)
    assert len(longest) < MAX_REASON + 100
