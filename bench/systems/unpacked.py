"""Where `make bench` unpacks PowerDNS and dnsperf."""

from __future__ import annotations

import sys
from pathlib import Path

UNPACKED = Path(sys.prefix) / "bench"


def program(name: str) -> str:
    """Return the path of a program; raise SystemExit if it is missing."""
    for folder in ("usr/sbin", "usr/bin"):
        if (found := UNPACKED / folder / name).exists():
            return str(found)
    raise SystemExit(f"{name} is not in {UNPACKED}: run `make bench`, which unpacks it there")
