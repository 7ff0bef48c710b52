"""Names that compute their hash once: owners of records are looked up dozens of times in one write.

They are equal to, and have the hash of, any other name with these labels. Derived names, such as a parent, are plain.
"""

from __future__ import annotations

from dns.name import Name


class HashedName(Name):
    """A name that keeps its hash; one with the same labels, in the same letter case, is compared in one step."""

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:
        """Return the hash of the name, whatever its letter case."""
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", super().__hash__())  # a name is immutable
            return self._hash

    def __eq__(self, other: object) -> bool:
        """Return whether the other object is the same name, in any letter case."""
        if not isinstance(other, Name):
            return False
        return self.labels == other.labels or self.fullcompare(other)[1] == 0
