"""DNSSEC of a zone: its DS, the state that follows from what is known, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import dns.name
import pytest

from appliance.zones.signing import (
    OLD_SIGNATURES,
    SHA_384,
    UNTIL_SIGNED_EVERYWHERE,
    Ds,
    DsConfirmation,
    DsReport,
    ServedSigning,
    Signing,
    SigningKey,
    SigningProblem,
    SigningState,
    Timing,
    state_of,
)
from appliance.zones.signing_problems import problems_of
from tests.signing import AT, at_parent, key, signed

ZONE = dns.name.from_text("example.com")
HIDDEN, READY, RETIRED = key(0), key(0, Timing.RUMOURED), key(0, Timing.UNRETENTIVE, is_wanted=False)
NEW = key(1, Timing.HIDDEN)
SERVED = {"ns1.appliance.test": ServedSigning(7, AT + timedelta(days=30), frozenset({HIDDEN.tag}))}
PUBLISHED, WITHDRAWN = (DsConfirmation(report, AT) for report in DsReport)
OFF = signed(READY, is_wanted=False)
STATES: dict[str, tuple[SigningState, Signing]] = {
    "off": (SigningState.UNSIGNED, Signing(is_wanted=False, is_signed=False, since=AT)),
    "unsigned, and still served signed": (
        SigningState.UNSIGNING,
        Signing(is_wanted=False, is_signed=False, since=AT, served=SERVED),
    ),
    "not yet signed everywhere": (SigningState.SIGNING, signed(HIDDEN, signed_at=None)),
    "caches may hold unsigned answers": (SigningState.DS_WAIT, signed(HIDDEN)),
    "named publishes CDS": (SigningState.DS_READY, signed(READY)),
    "signed again with a key that named takes for known": (
        SigningState.DS_WAIT,
        signed(key(0, Timing.OMNIPRESENT, created_at=AT - timedelta(days=9))),
    ),
    "signed again long ago": (
        SigningState.DS_READY,
        signed(key(0, Timing.OMNIPRESENT, created_at=AT - timedelta(days=9)), signed_at=AT - UNTIL_SIGNED_EVERYWHERE),
    ),
    "its DS is at the parent": (SigningState.SECURED, signed(READY, parent=at_parent(ZONE, READY))),
    "early DS": (SigningState.SECURED, signed(HIDDEN, parent=at_parent(ZONE, HIDDEN), signed_at=None)),
    "confirmed": (SigningState.SECURED, replace(signed(READY), confirmations={READY.tag: PUBLISHED})),
    "confirmed for another key": (SigningState.DS_READY, replace(signed(READY), confirmations={1: PUBLISHED})),
    "another DS": (SigningState.DS_READY, signed(READY, parent=at_parent(ZONE, NEW))),
    "a new key": (SigningState.ROLLING, signed(RETIRED, NEW, parent=at_parent(ZONE, RETIRED))),
    "off wanted": (SigningState.DS_REMOVE, OFF),
    "off wanted, DS gone once": (SigningState.DS_REMOVE, replace(OFF, gone_since=AT)),
    "DS gone": (SigningState.DS_EXPIRING, replace(OFF, gone_since=AT, gone_at=AT)),
    "DS gone from caches": (
        SigningState.UNSIGNING,
        replace(OFF, gone_at=AT, ds_ttl=0, confirmations={READY.tag: WITHDRAWN}),
    ),
}


@pytest.mark.parametrize("case", STATES)
def test_the_state(case: str) -> None:
    state, known = STATES[case]
    assert state_of(known, ZONE, AT) is state


def test_every_state_is_among_them() -> None:
    assert {state for state, _ in STATES.values()} == set(SigningState)


def test_the_ds_is_that_of_rfc_6605() -> None:
    public = "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
    example = SigningKey(55648, 13, 257, public, AT)
    digest = "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"
    for name in ("example.net", "EXAMPLE.net"):
        assert example.ds_of(dns.name.from_text(name)) == Ds(55648, 13, 2, digest)
    assert len(example.ds_of(ZONE, SHA_384).digest) == 96
    assert example.dnskey_text() == f"257 3 13 {public}"


PROBLEMS: dict[SigningProblem, Signing] = {
    SigningProblem.KEYS_MISSING: replace(signed(READY), lacks_keys=True),
    SigningProblem.KEYS_DIFFER: replace(signed(NEW), served=SERVED),
    SigningProblem.DS_MISMATCH: signed(READY, parent=at_parent(ZONE, NEW)),
    SigningProblem.SIGNATURES_OLD: replace(
        signed(READY), served={"ns2": ServedSigning(7, AT + OLD_SIGNATURES - timedelta(seconds=1))}
    ),
    SigningProblem.KEY_NOT_BACKED_UP: signed(READY),
    SigningProblem.STUCK: replace(signed(READY), is_stuck=True),
    SigningProblem.PARENT_UNKNOWN: signed(READY, parent=replace(at_parent(ZONE), problem="silent")),
}


@pytest.mark.parametrize("problem", SigningProblem)
def test_each_problem_is_found(problem: SigningProblem) -> None:
    assert problem in problems_of(PROBLEMS[problem], ZONE, AT)


def test_a_sound_zone_has_none_and_an_unsigned_one_neither() -> None:
    backed_up = replace(HIDDEN, backed_up_at=AT)
    sound = replace(signed(backed_up, parent=at_parent(ZONE, backed_up)), served=SERVED)
    assert problems_of(sound, ZONE, AT) == []
    assert problems_of(replace(sound, is_signed=False, lacks_keys=True), ZONE, AT) == []
