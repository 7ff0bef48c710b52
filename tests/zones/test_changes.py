"""Changes as values: apply, diff and invert."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.zones.changes import (
    Create,
    Delete,
    Update,
    apply,
    changes_serial,
    diff,
    former_nameservers,
    invert,
    reduced_owners,
    touched_owners,
)
from appliance.zones.model import Record
from tests.zones.records import any_records, record


@st.composite
def two_states(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """Draw two states of a zone: some records are in both, some differ, and some are in one state only."""
    first, others = draw(any_records), draw(any_records)
    common: dict[UUID, Record] = {one.uuid: one for one in first if draw(st.booleans())}
    for uuid, other in zip(list(common), others, strict=False):
        common[uuid] = replace(other, uuid=uuid)
    return first, list({**common, **{one.uuid: one for one in others[len(common) :]}}.values())


@given(two_states())
def test_applying_the_diff_gives_the_other_state(states: tuple[list[Record], list[Record]]) -> None:
    before, after = states
    assert apply(before, diff(before, after)) == frozenset(after)
    assert diff(before, before) == () and apply(before, ()) == frozenset(before)


@given(two_states())
def test_applying_the_inverse_gives_the_first_state(states: tuple[list[Record], list[Record]]) -> None:
    before, after = states
    changes = diff(before, after)
    assert apply(apply(before, changes), invert(changes)) == frozenset(before)
    assert invert(invert(changes)) == changes


def test_changes_are_applied_in_order_and_inverted_in_reverse() -> None:
    first = record("A", "a", "192.0.2.1")
    second = replace(first, ttl=60)
    changes = (Create(first), Update(first, second), Delete(second))
    assert apply([], changes) == frozenset()
    assert invert(changes) == (Create(second), Update(second, first), Delete(first))


def test_an_update_touches_both_owners() -> None:
    old, new, deleted = (
        record("A", "old", "192.0.2.1"),
        record("A", "new", "192.0.2.1"),
        record("A", "deleted", "192.0.2.1"),
    )
    assert touched_owners([Update(old, new), Delete(deleted)]) == {old.owner, new.owner, deleted.owner}


def test_ns_records_touch_their_nameservers() -> None:
    ns, server = record("NS", "sub", "ns.other.example.com"), record("A", "ns.other", "192.0.2.1")
    assert touched_owners([Delete(ns)]) == {ns.owner, server.owner}
    assert reduced_owners([Delete(ns)]) == {ns.owner}
    assert reduced_owners([Delete(ns), Delete(server)]) == {ns.owner}
    assert reduced_owners([Delete(server), Create(record("TXT", "ns.other", "x"))]) == frozenset()


def test_former_nameservers_are_those_whose_addresses_are_not_written() -> None:
    ns, server = record("NS", "sub", "ns.other.example.com"), record("A", "ns.other", "192.0.2.1")
    elsewhere = Update(ns, record("NS", "sub", "ns.example.org"))
    assert former_nameservers([Delete(ns)]) == {server.owner} == former_nameservers([elsewhere])
    assert former_nameservers([Create(ns)]) == frozenset() == former_nameservers([Delete(ns), Create(server)])
    assert former_nameservers([Delete(ns), Delete(server)]) == {server.owner}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"comment": "x"}, False),
        ({"value": "the same, written otherwise"}, False),
        ({"ttl": 60}, True),
        ({"wire": b"\x01\x02\x03\x04"}, True),
        ({"owner": record("A", "other", "192.0.2.1").owner}, True),
    ],
)
def test_only_published_data_changes_the_serial(changed: dict[str, object], expected: bool) -> None:
    before = record("A", "a", "192.0.2.1")
    assert changes_serial(Update(before, replace(before, **changed))) is expected  # type: ignore[arg-type]
    assert changes_serial(Create(before)) and changes_serial(Delete(before))
