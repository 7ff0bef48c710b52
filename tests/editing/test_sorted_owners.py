"""Owners in the order of their keys, while they come and go."""

from __future__ import annotations

import dns.name

from appliance.editing.sorted_owners import SortedOwners

ORIGIN = dns.name.from_text("example.com.")


def test_owners_below_a_name_come_and_go() -> None:
    sub, beside, below, above = (dns.name.from_text(one, ORIGIN) for one in ("a.sub", "sub-b", "x.a.sub", "sub"))
    owners = SortedOwners(ORIGIN, [ORIGIN, sub, beside])
    assert list(owners.below(above)) == [("sub.a.", sub)]
    for _ in range(2):
        owners.note(below, is_present=True)
        owners.note(above, is_present=True)
        assert [name for _, name in owners.below(above)] == [sub, below]
    for _ in range(2):
        owners.note(sub, is_present=False)
        assert [name for _, name in owners.below(above)] == [below]
    assert {name for _, name in owners.below(ORIGIN)} == {above, beside, below}
