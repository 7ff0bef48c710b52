"""A zone after a change, derived from the stored one: the same as the whole zone in memory."""

from __future__ import annotations

from random import Random

import pytest

from appliance.zones.changed_zone import ChangedZone
from tests.workspace import APEX
from tests.zones.random_changes import random_change
from tests.zones.records import ORIGIN


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_zone_after_the_change(seed: int) -> None:
    case = random_change(Random(seed), ORIGIN, APEX)
    changed, names = ChangedZone(case.before, case.after, case.changes), case.names()
    assert set(changed.non_terminals(names)) == set(case.after.non_terminals(names))
    assert {*changed.nodes(names)} == {*case.after.nodes(names)} and [*changed.below(ORIGIN)] == [
        *case.after.below(ORIGIN)
    ]
    assert {*changed.child_zones(names)} == {*case.after.child_zones(names)}
    assert {*changed.child_zones_below(ORIGIN)} == {*case.after.child_zones_below(ORIGIN)}
    assert (changed.origin, changed.servers) == (case.after.origin, case.after.servers)
    for targets in (None, names[:5], []):
        assert {one.key for one in changed.targets(targets)} == {one.key for one in case.after.targets(targets)}
        assert set(changed.owners_of_ns(targets or ())) == set(case.after.owners_of_ns(targets or ()))
