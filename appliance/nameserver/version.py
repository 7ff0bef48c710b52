"""The release of BIND to which a program belongs."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Installed:
    """The installed program: its release, and when its file was last changed, in nanoseconds."""

    release: tuple[int, ...]
    changed: int


def installed(program: str, timeout: float = TIMEOUT) -> Installed:
    """Return which program is installed; it is run, as by `read_version`, only if its file has changed since."""
    try:
        changed = Path(program).stat().st_mtime_ns
    except OSError:
        changed = 0
    return _read_once(program, changed, timeout)


def current_version(program: str, timeout: float = TIMEOUT) -> tuple[int, ...]:
    """Return the release of the program that is installed."""
    return installed(program, timeout).release


@functools.lru_cache(maxsize=8)
def _read_once(program: str, changed: int, timeout: float) -> Installed:
    return Installed(read_version(program, timeout=timeout), changed)
