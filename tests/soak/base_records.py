"""The records of a large zone that no writer changes: many contents have them all, and remember their digest alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

Row = tuple[str, str, int, bytes]
"""Owner, type, TTL, data in wire form."""
_PREFIX = "base-"
_DIGEST = "digest"
TTL = 300


def base_lines(count: int) -> str:
    """Return that many records as lines of a zone file."""
    return "".join(f"{_PREFIX}{number} {TTL} A {_address(number)}\n" for number in range(count))


def base_rows(domain: str, count: int) -> Sequence[Row]:
    """Return the served form of these records."""
    octets = (bytes(map(int, _address(number).split("."))) for number in range(count))
    return [(f"{_PREFIX}{number}.{domain}.", "A", TTL, data) for number, data in enumerate(octets)]


def condensed(domain: str, rows: Iterable[Row]) -> frozenset[Row]:
    """Return the rows, with one of their number and digest in place of the unchanged ones."""
    kept, base = set[Row](), list[Row]()
    for row in rows:
        if row[0].startswith(_PREFIX):
            base.append(row)
        else:
            kept.add(row)
    if base:
        digest = hashlib.sha256(repr(sorted(base)).encode()).digest()
        kept.add((f"{_PREFIX}.{domain}.", _DIGEST, len(base), digest))
    return frozenset(kept)


def _address(number: int) -> str:
    return f"10.200.{number >> 8}.{number & 255}"
