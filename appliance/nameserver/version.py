"""The release of BIND to which a program belongs."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from appliance.nameserver.programs import run

TIMEOUT = 10.0

_VERSION = re.compile(r"\b(\d+)\.(\d+)\.(\d+)")


def read_version(program: str, argument: str = "-v", timeout: float = TIMEOUT) -> tuple[int, ...]:
    """Return the release that the program reports, such as (9, 18, 49); empty if it reports none.

    `timeout` is in seconds. Raise CommandError if the program is missing or fails.
    """
    # rndc prints its version in its usage text, with exit status 1
    found = _VERSION.search(run((program, argument), timeout=timeout, accept=(0, 1)).output)
    return tuple(map(int, found.groups())) if found else ()


def current_version(program: str, timeout: float = TIMEOUT) -> tuple[int, ...]:
    """Return `read_version`, which runs the program only if its file has changed since the last call."""
    try:
        changed = Path(program).stat().st_mtime_ns
    except OSError:
        changed = 0
    return _version_since(program, changed, timeout)


@functools.lru_cache(maxsize=8)
def _version_since(program: str, _changed: int, timeout: float) -> tuple[int, ...]:
    return read_version(program, timeout=timeout)
