"""The catalog's members: a label for each zone's life, and what turns one list into another."""

from __future__ import annotations

from uuid import UUID

import dns.name
from dns.name import Name
from hypothesis import given
from hypothesis import strategies as st

from appliance.zones.catalog import difference, member_label, member_owner

NAMES = [dns.name.from_text(text) for text in ("a.example.", "b.example.", "c.example.")]
members = st.dictionaries(
    st.uuids(version=4).map(member_label) | st.sampled_from("xyz"), st.sampled_from(NAMES), max_size=6
)


@given(members, members)
def test_the_difference_turns_one_into_the_other(wanted: dict[str, Name], listed: dict[str, Name]) -> None:
    change = difference(wanted, listed)
    assert {label: name for label, name in listed.items() if label not in change.remove} | dict(change.add) == wanted
    assert bool(change) == (wanted != listed)


def test_a_zone_made_again_is_another_member() -> None:
    old, new = UUID(int=1), UUID(int=2)
    change = difference({member_label(new): NAMES[0]}, {member_label(old): NAMES[0]})
    assert change.remove == {member_label(old): NAMES[0]} and change.add == {member_label(new): NAMES[0]}


def test_members_stand_below_zones() -> None:
    owner = member_owner(member_label(UUID(int=0xABC)), dns.name.from_text("catalog.example."))
    assert owner.to_text() == f"{'0' * 29}abc.zones.catalog.example."
