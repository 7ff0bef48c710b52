"""The release of BIND to which a program belongs."""

from __future__ import annotations

import re

from appliance.nameserver.programs import run

TIMEOUT = 10.0

_VERSION = re.compile(r"\b(\d+)\.(\d+)\.(\d+)")


def read_version(program: str, argument: str = "-v") -> tuple[int, ...]:
    """Return the release that the program reports, such as (9, 18, 49); empty if it reports none."""
    # rndc prints its version in its usage text, with exit status 1
    found = _VERSION.search(run((program, argument), timeout=TIMEOUT, accept=(0, 1)).output)
    return tuple(map(int, found.groups())) if found else ()
