"""Durations as text: 90s, 15m, 12h or 30d."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}


def parse_duration(text: str) -> timedelta | None:
    """Return the duration, or None if the text is none."""
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def print_duration(duration: timedelta) -> str:
    """Return whole seconds in the largest unit that divides them."""
    unit = next(unit for unit, length in _UNITS.items() if not duration % length)
    return f"{duration // _UNITS[unit]}{unit}"
