"""Names that compute their hash once: owners of records are looked up dozens of times in one write.

They are equal to, and have the hash of, any other name with these labels. Derived names, such as a parent, are plain.
"""

from __future__ import annotations

from dns.name import Name

Labels = tuple[bytes, ...]
"""The labels of a name as a key in place of it: their hash is strong, and neither it nor a comparison runs Python."""


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
        mine, others = self.labels, other.labels
        # hashes of names that differ in digits are often the same: unequal names are compared as often as equal ones
        return mine == others or (len(mine) == len(others) and all(map(_is_same_label, mine, others)))


def _is_same_label(one: bytes, other: bytes) -> bool:
    return one.lower() == other.lower()
