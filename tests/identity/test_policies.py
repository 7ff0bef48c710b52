"""Policies as text and as presets, and which of them a token may grant."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.errors import InputError
from appliance.identity.policies import PRESETS, lies_within_writes, print_policy, read_policy, with_preset
from appliance.principal import Policy, TokenLimits, ZoneKey
from tests.test_principal import NAMES, RECORDS, TYPES, ZONES, policies

DOMAINS: dict[ZoneKey, str] = {uuid: domain for uuid, domain in ZONES if uuid}
ONE, TWO = frozenset({UUID(int=1)}), frozenset({UUID(int=2)})
WWW, EVERYTHING = Policy(ONE, ("www",), ("A",)), Policy()


@given(policies, st.lists(policies, min_size=1, max_size=3))
@example(Policy(ONE), [Policy(ONE, ("www",), write=False), Policy(ONE)])
@example(Policy(TWO), [Policy(frozenset({"two.example"}), write=False), EVERYTHING])
def test_what_lies_within_may_be_written_with_both(policy: Policy, own: list[Policy]) -> None:
    is_within, held = lies_within_writes(policy, own, DOMAINS), TokenLimits(policies=tuple(own))
    for (uuid, domain), record in product(ZONES if is_within else (), RECORDS):
        if policy.matches_zone(uuid, domain) and policy.matches_record(*record):
            assert held.allow_record(uuid or UUID(int=0), domain, *record)
        if policy.matches_zone(uuid, domain) and policy.is_of_whole_zones:
            assert held.allow_whole_zone(uuid, domain)


@pytest.mark.parametrize(
    ("policy", "own", "within"),
    [
        (WWW, [WWW], True),
        (WWW, [EVERYTHING], True),
        (Policy(ONE, ("www",), ("A", "TXT")), [WWW, Policy(ONE, None, ("TXT",))], True),
        (Policy(ONE, ("www.dev",), ("A",)), [Policy(None, ("*.dev",))], True),
        (WWW, [Policy(frozenset({"one.example"}))], True),
        (WWW, [Policy(TWO, write=False), EVERYTHING], True),
        (Policy(frozenset({"new.example"})), [Policy(frozenset({"new.example"}))], True),
        (Policy(ONE, ("www",)), [WWW], False),
        (Policy(ONE, None, ("A",)), [WWW], False),
        (Policy(None, ("www",), ("A",)), [WWW], False),
        (Policy(TWO, ("www",), ("A",)), [WWW], False),
        (WWW, [Policy(ONE, ("w*",), write=False), EVERYTHING], False),
        (Policy(ONE), [Policy(ONE, ("*",))], False),
        (Policy(ONE, ("www",), write=False), [Policy(ONE, write=False)], False),
        (Policy(frozenset({"new.example"})), [Policy(ONE)], False),
    ],
)
def test_what_a_token_may_hand_on(policy: Policy, own: list[Policy], within: bool) -> None:
    assert lies_within_writes(policy, own, DOMAINS) == within


@given(policies)
def test_a_policy_is_read_as_it_is_printed(policy: Policy) -> None:
    assert read_policy(print_policy(policy, {}), "policies") == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zone=a.example",
        "read write",
        "zone= write",
        "zone=a zone=b write",
        "names=www write",
        "www write",
        "write=",
    ],
)
def test_malformed_policies_are_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        read_policy(text, "policies")
    assert refused.value.field == "policies" and "zone=DOMAIN name=PATTERN" in str(refused.value)


def test_a_policy_shows_the_domain_of_its_zone() -> None:
    assert print_policy(WWW, DOMAINS) == "zone=one.example name=www types=A write"
    assert read_policy("read zone=Bücher.example", "policies").zones == frozenset({"xn--bcher-kva.example"})


@pytest.mark.parametrize(
    ("preset", "names", "writable"),
    [
        ("certificates", None, {("TXT", "_acme-challenge"), ("TXT", "_acme-challenge.www")}),
        ("certificates", ("www",), {("TXT", "_acme-challenge.www")}),
        ("certificates", ("@",), {("TXT", "_acme-challenge")}),
        ("dynamic-dns", None, {("A", name) for name in NAMES}),
        ("dynamic-dns", ("www",), {("A", "www")}),
        ("read-only", None, set()),
        ("full", None, set(RECORDS)),
    ],
)
def test_presets(preset: str, names: tuple[str, ...] | None, writable: set[tuple[str, str]]) -> None:
    _, limits = with_preset(preset, (), TokenLimits(zones=ONE, record_names=names))
    one, two = ZONES[:2]
    assert {record for record in RECORDS if limits.allow_record(UUID(int=1), one[1], *record)} == writable
    assert not any(limits.allow_record(UUID(int=2), two[1], *record) for record in RECORDS)
    assert limits.visible_zones == ONE
    assert limits.allow_whole_zone(*one) == (preset == "full") and limits.create_zones in {None, False}
    _, everywhere = with_preset(preset, (), TokenLimits())
    assert everywhere.visible_zones is None


@pytest.mark.parametrize(
    ("preset", "permissions", "limits", "field"),
    [
        ("nothing", (), TokenLimits(), "preset"),
        ("full", ("dns:list",), TokenLimits(), "permissions"),
        ("full", (), TokenLimits(policies=(EVERYTHING,)), "policies"),
        ("dynamic-dns", (), TokenLimits(record_types=TYPES), "record_types"),
        ("read-only", (), TokenLimits(record_names=("www",)), "record_names"),
    ],
)
def test_what_a_preset_decides_is_not_given(
    preset: str, permissions: tuple[str, ...], limits: TokenLimits, field: str
) -> None:
    with pytest.raises(InputError) as refused:
        with_preset(preset, permissions, limits)
    assert refused.value.field == field


def test_without_a_preset_everything_stays() -> None:
    limits = TokenLimits(record_names=("www",))
    assert with_preset("", ("dns:list",), limits) == (("dns:list",), limits) and set(PRESETS) >= {"full"}
