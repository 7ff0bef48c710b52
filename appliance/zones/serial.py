"""Zone serials: their order, the next one, and the way over one that is ahead.

A serial is an integer of 0 ... 2^32 - 1 on a circle (RFC 1982): "later" means less than half the circle ahead.
Two serials exactly half the circle apart have no order; a secondary keeps what it has.
"""

from __future__ import annotations

from datetime import date

MODULUS = 2**32
HALF = 2**31


def is_later(a: int, b: int) -> bool:
    """True when serial `a` comes after `b` (RFC 1982 section 3.2); exactly half the circle apart is not later."""
    return 0 < (a - b) % MODULUS < HALF


def is_ahead(served: int, wanted: int) -> bool:
    """True when a nameserver that serves `served` would not take `wanted`, being later or without order."""
    return served != wanted and not is_later(wanted, served)


def latest(first: int, *others: int) -> int:
    """The one that comes after the others, taken in turn."""
    result = first
    for serial in others:
        result = serial if is_later(serial, result) else result
    return result


def next_serial(base: int | None, today: date) -> int:
    """The serial after `base`: today as YYYYMMDD00 where that is later, else one more; never 0.

    `base` is the latest serial that was ever stored or served for the name, or None when there was none.
    """
    readable = int(f"{today:%Y%m%d}00")
    if base is None or is_later(readable, base):
        return readable
    return (base + 1) % MODULUS or 1


def raise_over(stored: int, served: int) -> int:
    """The next serial of a zone at `stored` on its way over `served`, which some nameserver is ahead with.

    Others still serve `stored`, and must be able to follow: where nothing is later than both, this is the widest
    step from `stored` that stays behind `served`, and the next climb goes over it (RFC 1982 section 3.1: two steps).
    """
    over = (served + 1) % MODULUS or 1
    return over if is_later(over, stored) else (stored + HALF - 2) % MODULUS or MODULUS - 1
