"""What a write counts for rate limits: the octets of journal that it stores of each zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from appliance.editing.new_zones import NewZone
from appliance.principal import Principal

JournalOctets = Mapping[UUID | None, int]
"""Octets of journal by zone; None is a zone that does not exist yet."""
CountWrite = Callable[[Principal, JournalOctets], None]
"""Counts a write before it is stored; raises RateLimited if there were too many."""


def octets_of_creation(new: NewZone) -> JournalOctets:
    """Return what the creation of a zone stores, of the zone above too."""
    octets: dict[UUID | None, int] = {None: new.content.octets}
    if new.above:
        octets[new.above.diff.before.uuid] = new.above.content.octets
    return octets


def counting_once(count_write: CountWrite, principal: Principal) -> Callable[[JournalOctets], None]:
    """Return a function that counts a write at its first call only: a write may be evaluated several times."""
    counted: list[bool] = []

    def count(octets: JournalOctets) -> None:
        if not counted:
            count_write(principal, octets)
            counted.append(True)

    return count
