"""Keeping pages brief: texts and lists cut to what one page may weigh, whatever a zone holds.

Sizes are octets as the page holds them: escaped, in UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import escape

LONGEST_TEXT = 150
"""Octets of a value in a list."""
LONGEST_LINES = 40_000
"""Octets of all lines of one kind, such as those of a diff."""


def cut(text: str, octets: int = LONGEST_TEXT) -> str:
    """As much of the beginning as fits, and an ellipsis where something was left out."""
    left = octets
    for place, character in enumerate(text):
        left -= _octets(character)
        if left < 0:
            return f"{text[:place]}…"
    return text


def fitting(lines: Iterable[str], octets: int = LONGEST_LINES) -> int:
    """How many of these lines fit, from the first on; that one is shown in any case."""
    count = 0
    for line in lines:
        octets -= _octets(line)
        if count and octets < 0:
            break
        count += 1
    return count


def _octets(text: str) -> int:
    return len(escape(text).encode())
