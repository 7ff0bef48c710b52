"""Owners of a change set in the order of their keys; the cost of a change does not depend on their number."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

from dns.name import Name

from appliance.store import name_keys


class SortedOwners:
    """Owners of the zone `origin`, each with its key, of which all below a name are one range."""

    def __init__(self, origin: Name, owners: Iterable[Name]) -> None:
        self._origin = origin
        self._owners = {name_keys.owner_key(owner, origin): owner for owner in owners}
        self._keys = sorted(self._owners)

    def note(self, owner: Name, *, is_present: bool) -> None:
        """Add the owner, or remove it; nothing is done if that is so already."""
        key = name_keys.owner_key(owner, self._origin)
        if is_present and key not in self._owners:
            self._owners[key] = owner
            insort(self._keys, key)
        elif not is_present and key in self._owners:
            del self._owners[key]
            del self._keys[bisect_left(self._keys, key)]

    def below(self, owner: Name) -> Iterator[tuple[str, Name]]:
        """Yield the owners below this one with their keys, in the order of these; nothing may change meanwhile."""
        low, high = name_keys.below(name_keys.owner_key(owner, self._origin))
        found = self._keys[bisect_right(self._keys, low) : bisect_left(self._keys, high)]
        return ((key, self._owners[key]) for key in found)
