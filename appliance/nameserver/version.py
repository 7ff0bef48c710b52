"""Which release of BIND a program belongs to."""

from __future__ import annotations

import re

from appliance.nameserver.programs import run

TIMEOUT = 10.0

_VERSION = re.compile(r"\b(\d+)\.(\d+)\.(\d+)")


def read_version(program: str, argument: str = "-v") -> tuple[int, ...]:
    """The release that the program tells of itself, such as 9, 18, 49; empty when it tells none. CommandError."""
    # rndc tells its version in its usage, with status 1
    told = _VERSION.search(run((program, argument), timeout=TIMEOUT, accept=(0, 1)).output)
    return tuple(map(int, told.groups())) if told else ()
