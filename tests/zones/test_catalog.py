"""The members of the catalog: their labels and owners."""

from __future__ import annotations

from uuid import UUID

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.zones.catalog import member_label, member_owner, uuid_of


@given(st.uuids())
def test_a_label_gives_the_uuid_of_its_zone(uuid: UUID) -> None:
    assert uuid_of(member_label(uuid)) == uuid


@pytest.mark.parametrize("label", ["", "version", "0" * 31, "0" * 33, "G" * 32, "A" * 32, str(UUID(int=1))])
def test_other_labels_have_no_uuid(label: str) -> None:
    assert uuid_of(label) is None


def test_members_are_below_the_zones_label() -> None:
    owner = member_owner(member_label(UUID(int=0xABC)), dns.name.from_text("catalog.example."))
    assert owner.to_text() == f"{'0' * 29}abc.zones.catalog.example."
