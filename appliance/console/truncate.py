"""Limits on the size of a page: long values and lists are truncated, whatever a zone holds.

Sizes are octets as the page holds them: escaped, in UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

MAX_TEXT = 120
"""Octets of a value in a list."""
MAX_UNBROKEN = 24
"""Characters of a name that fits on a line wherever it is shown."""
MAX_LINES = 40_000
"""Octets of all lines of one block, such as a diff."""

DIFF_MARKUP = 130
"""Octets of markup of a line of a diff."""


def truncate(text: str, octets: int = MAX_TEXT) -> str:
    """Return as much of the beginning as fits, with an ellipsis if the text is longer."""
    left = octets
    for index, character in enumerate(text):
        left -= _size(character)
        if left < 0:
            return f"{text[:index]}…"
    return text


def count_fitting(lines: Iterable[str], octets: int = MAX_LINES, markup: int = 0) -> int:
    """Return how many of these lines fit, counted from the first, which always counts; `markup` is that of a line."""
    count = 0
    for line in lines:
        octets -= _size(line) + markup
        if count and octets < 0:
            break
        count += 1
    return count


def _size(text: str) -> int:
    return len(escape(text).encode())


def break_at_dots(text: str) -> Markup:
    """Return the text with a place to break after each dot, if it is long; names then do not break in a word."""
    if len(text) <= MAX_UNBROKEN:
        return escape(text)
    return Markup(".<wbr>").join(text.split("."))
