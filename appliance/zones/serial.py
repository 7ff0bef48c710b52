"""Zone serials: their order, the next serial, and how to raise one over a served serial that is ahead.

A serial is an integer from 0 to 2^32 - 1, and its arithmetic wraps around (RFC 1982): `a` is later than `b` if it is
less than 2^31 ahead of it. Two serials exactly 2^31 apart have no order; a secondary then keeps what it has.
"""

from __future__ import annotations

from datetime import date

MODULUS = 2**32
HALF = 2**31


def is_later(a: int, b: int) -> bool:
    """Return whether serial `a` is later than `b` (RFC 1982 section 3.2); False if they are exactly 2^31 apart."""
    return 0 < (a - b) % MODULUS < HALF


def is_ahead(served: int, desired: int) -> bool:
    """Return whether a nameserver that serves `served` would not accept `desired`, since that is not later."""
    return served != desired and not is_later(desired, served)


def latest(first: int, *others: int) -> int:
    """Return the latest serial, comparing them one after the other."""
    result = first
    for serial in others:
        result = serial if is_later(serial, result) else result
    return result


def next_serial(base: int | None, today: date) -> int:
    """Return the serial after `base`: YYYYMMDD00 of today if that is later, else `base` + 1; never 0.

    `base` is the latest serial that was ever stored or served for the name, None if there was none.
    """
    dated = int(f"{today:%Y%m%d}00")
    if base is None or is_later(dated, base):
        return dated
    return (base + 1) % MODULUS or 1


def raise_over(stored: int, served: int) -> int:
    """Return the serial to which a zone at `stored` is raised because a nameserver serves `served`, which is ahead.

    Nameservers that still serve `stored` must accept it too. If no serial is later than both, return the largest step
    from `stored`, which is earlier than `served`; raising that again gets over it (RFC 1982 section 3.1).
    """
    over = (served + 1) % MODULUS or 1
    return over if is_later(over, stored) else (stored + HALF - 2) % MODULUS or MODULUS - 1
