"""What the kernel knows of its clock."""

from __future__ import annotations

import ctypes

_TIME_ERROR = 5
"""The state of a clock that is not synchronized (adjtimex(2))."""
_OCTETS = 512
"""More than `struct timex` has; all zero, it only reads."""


def is_synchronized() -> bool:
    """Return False if the kernel says that no NTP client keeps its clock; True also if it does not say."""
    return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_OCTETS))) != _TIME_ERROR
