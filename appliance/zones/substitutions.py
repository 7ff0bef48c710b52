"""The substitution in a NAPTR record, `!pattern!text!i` (RFC 3402 section 3.2): what BIND loads, and nothing else.

The pattern is a POSIX extended regular expression. Python's `re` has other ones, and the C library is not reached from
here, so a scanner decides. It knows two things that BIND refuses although POSIX allows them: a hyphen after a range,
as in `[a-z-]`, and an empty alternative.
"""

from __future__ import annotations

import re

_CLASSES = "alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit"
_NAMED = rf"\[\.(?:(?!\.\]).)+\.\]|\[=(?:(?!=\]).)+=\]|\[:(?:{_CLASSES}):\]|\[(?![.:=])"
_SET = rf"\[(\^?+(?:{_NAMED}|[^\[])(?:{_NAMED}|[^\[\]])*)\]"
_PIECE = re.compile(
    rf"(?P<set>{_SET})|(?P<bound>\{{[0-9][0-9,]*\}})|\{{(?![0-9])|\\[1-9]|\\[^1-9]|[^\\\[{{]", re.DOTALL
)
_MEMBERS = re.compile(rf"{_NAMED}|[^\[]", re.DOTALL)
_BOUND = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
_REFERENCE = re.compile(r"\\(?:([1-9])|.)", re.DOTALL)
_PARTS = re.compile(r"([^0-9\\i\0])((?:\\.|(?!\1)[^\\])+)\1((?:\\[^0]|(?!\1)[^\\])*)\1i*", re.DOTALL)
_MAX_BOUND = 255
_MAX_CHARACTER = 255


def is_substitution(text: str) -> bool:
    """Return whether the text, without NUL, is a substitution whose text refers only to groups of its pattern."""
    found = _PARTS.fullmatch(text)
    if not found:
        return False
    groups = count_groups(found[2])
    return groups is not None and _last_reference(found[3]) <= groups


def count_groups(pattern: str) -> int | None:
    """Return the number of groups of an extended regular expression, None if it is not valid."""
    scanner, at = _Scanner(), 0
    while at < len(pattern):
        found = _PIECE.match(pattern, at)
        if not found or not scanner.accept(found):
            return None
        at = found.end()
    return scanner.groups if scanner.has_atom and not scanner.depth else None


class _Scanner:
    """What was read of a pattern: groups, how many are open, the last character of a set, and the last piece."""

    def __init__(self) -> None:
        self.groups = self.depth = self.last = 0
        self.has_atom = self.is_repeated = self.may_be_empty = False

    def accept(self, found: re.Match[str]) -> bool:
        """Read a piece; return False if it cannot be here."""
        piece = found[0]
        if found["bound"] or piece in ("*", "+", "?"):
            valid = self.has_atom and not self.is_repeated and (not found["bound"] or _is_bound(piece))
            self.is_repeated = True
            return valid
        if piece == "(":
            self.groups, self.depth = self.groups + 1, self.depth + 1
            self.has_atom, self.is_repeated, self.may_be_empty = False, False, True
            return True
        if piece == "|":
            valid, self.has_atom, self.is_repeated, self.may_be_empty = self.has_atom, False, False, False
            return valid
        if piece == ")":
            valid = self.has_atom or self.may_be_empty or not self.depth
            self.depth = max(self.depth - 1, 0)
        else:
            valid = self._accept_set(found[2]) if found["set"] else _last_reference(piece) <= self.groups
        self.has_atom, self.is_repeated = True, piece in ("^", "$")
        return valid

    def _accept_set(self, members: str) -> bool:
        """Read a bracket expression; return False if a range in it is out of order, or of a class.

        A class has no character of its own: a range after it begins, as in BIND, at the last character of any set.
        """
        after = 0  # 2 behind a hyphen, 1 behind a range
        for position, member in enumerate(_MEMBERS.findall(members.removeprefix("^"))):
            if member == "-" and position and after != 2:
                if after == 1:
                    return False
                after = 2
                continue
            if member[:2] in ("[=", "[:") and after == 2:
                return False
            if member[:2] in ("[=", "[:", "["):
                continue
            end = ord(member) if len(member) == 1 else ord(member[2]) if len(member) == 5 else _MAX_CHARACTER + 1
            if after == 2 and len(member) == 1 and end < self.last:
                return False
            self.last, after = end, max(after - 1, 0)
        return True


def _is_bound(piece: str) -> bool:
    found = _BOUND.fullmatch(piece)
    low, high = (int(found[1]), int(found[2] or _MAX_BOUND)) if found else (1, 0)
    return low <= high <= _MAX_BOUND and low <= _MAX_BOUND


def _last_reference(text: str) -> int:
    """Return the highest group to which the text refers, 0 if none."""
    return max((int(number or 0) for number in _REFERENCE.findall(text)), default=0)
