"""Limits of tokens: the first policy that matches decides, and the older fields are policies too."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from appliance.principal import EVERYTHING, Policy, Principal, Scope, TokenLimits

ZONES: tuple[tuple[UUID | None, str], ...]
ZONES = ((UUID(int=1), "one.example"), (UUID(int=2), "two.example"), (None, "new.example"))
NAMES, TYPES = ("@", "www", "_acme-challenge", "_acme-challenge.www"), ("A", "TXT")
RECORDS = list(product(TYPES, NAMES))

keys = st.sampled_from([UUID(int=1), UUID(int=2), UUID(int=3), "two.example", "new.example"])
globs = st.sampled_from(["@", "www", "_acme-challenge", "_acme-challenge*", "*", "?ww"])
types = st.sampled_from(TYPES)


def sets(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...] | None]:
    """Return none, or one or two values."""
    return st.none() | st.lists(values, min_size=1, max_size=2, unique=True).map(tuple)


policies = st.builds(
    Policy,
    zones=st.none() | keys.map(lambda key: frozenset({key})),
    names=st.none() | globs.map(lambda glob: (glob,)),
    types=sets(types),
    write=st.booleans(),
)
older_limits = st.builds(
    TokenLimits,
    zones=st.none() | st.frozensets(keys, min_size=1, max_size=2),
    record_names=sets(globs),
    record_types=sets(types),
)
limits = older_limits | st.builds(
    TokenLimits, policies=st.lists(policies, min_size=1, max_size=4).map(tuple), create_zones=st.none() | st.booleans()
)


def translated(older: TokenLimits) -> TokenLimits:
    """Return the older fields as policies of one zone, one name and one type each."""
    found = product(older.zones or [None], older.record_names or [None], older.record_types or [None])
    entries = (
        Policy(None if zone is None else frozenset({zone}), (name,) if name else None, (rdtype,) if rdtype else None)
        for zone, name, rdtype in found
    )
    return TokenLimits(policies=tuple(entries))


@given(older_limits)
def test_the_older_fields_mean_what_their_translation_means(older: TokenLimits) -> None:
    policies = translated(older)
    assert policies.visible_zones == older.visible_zones
    for uuid, domain in ZONES:
        assert policies.allow_whole_zone(uuid, domain) == older.allow_whole_zone(uuid, domain)
        for record in RECORDS:
            assert uuid is None or policies.allow_record(uuid, domain, *record) == older.allow_record(
                uuid, domain, *record
            )


@given(limits)
def test_what_is_written_is_visible_and_a_whole_zone_is_all_its_records(limits: TokenLimits) -> None:
    visible = limits.visible_zones
    for uuid, domain in ZONES[:2]:
        assert uuid
        allowed = [limits.allow_record(uuid, domain, *record) for record in RECORDS]
        assert not any(allowed) or visible is None or {uuid, domain} & visible
        assert all(allowed) or not limits.allow_whole_zone(uuid, domain)


@given(limits, policies)
def test_a_later_policy_changes_nothing_that_an_earlier_one_decides(limits: TokenLimits, later: Policy) -> None:
    longer = TokenLimits(policies=(*limits.rules, later))
    for (uuid, domain), record in product(ZONES[:2], RECORDS):
        key = uuid or UUID(int=0)
        decided = any(rule.matches_zone(uuid, domain) and rule.matches_record(*record) for rule in limits.rules)
        expected = limits.allow_record(key, domain, *record)
        if not decided:
            expected = later.write and later.matches_zone(uuid, domain) and later.matches_record(*record)
        assert longer.allow_record(key, domain, *record) == expected


def test_the_scope_has_the_zones_of_all_policies() -> None:
    operator = Principal.local("test")
    one, two = Policy(frozenset({UUID(int=1)}), write=False), Policy(frozenset({"new.example"}), ("www",))
    limited = replace(operator, limits=TokenLimits(policies=(one, two)))
    assert limited.scope == Scope(None, frozenset({UUID(int=1)}), frozenset({"new.example"}))
    assert replace(operator, limits=TokenLimits(policies=(one, Policy(write=False)))).scope == EVERYTHING
