"""What a write counts for rate limits: the octets of journal that it stores of each zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from appliance.editing.diff import Diff
from appliance.editing.new_zones import NewZone
from appliance.principal import Principal
from appliance.store.journal import content_octets
from appliance.zones.changes import Create

JournalOctets = Mapping[UUID | None, int]
"""Octets of journal by zone; None is a zone that does not exist yet."""
CountWrite = Callable[[Principal, JournalOctets], None]
"""Counts a write before it is stored; raises RateLimited if there were too many."""


def octets_of_diff(diff: Diff) -> JournalOctets:
    """Return what a change of a zone stores."""
    return {diff.before.uuid: content_octets(diff.changes)}


def octets_of_creation(new: NewZone) -> JournalOctets:
    """Return what the creation of a zone stores, of the zone above too."""
    above = octets_of_diff(new.above) if new.above else {}
    return {None: content_octets(map(Create, new.records)), **above}


def counting_once(count_write: CountWrite, principal: Principal) -> Callable[[JournalOctets], None]:
    """Return a function that counts a write at its first call only: a write may be evaluated several times."""
    counted: list[bool] = []

    def count(octets: JournalOctets) -> None:
        if not counted:
            count_write(principal, octets)
            counted.append(True)

    return count
