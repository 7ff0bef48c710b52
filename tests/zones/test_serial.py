"""Serials: their order (RFC 1982), and that the next one is always later and never 0."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.zones.serial import HALF, MODULUS, is_ahead, is_later, latest, next_serial, raise_over

TODAY = date(2031, 5, 4)
serials = st.integers(0, MODULUS - 1)


@pytest.mark.parametrize(
    ("a", "b", "later"),
    [
        (1, 0, True),
        (0, 1, False),
        (44, 0, True),
        (100, 44, True),
        (200, 100, True),
        (5, 5, False),
        (0, MODULUS - 1, True),
        (MODULUS - 1, 0, False),
        (HALF - 1, 0, True),
        (HALF, 0, False),
        (0, HALF, False),
        (0, HALF + 1, True),
        (2031050400, 2031050399, True),
    ],
)
def test_the_order_of_rfc_1982(a: int, b: int, later: bool) -> None:
    assert is_later(a, b) == later


@given(serials, serials)
def test_two_serials_are_never_both_later(a: int, b: int) -> None:
    assert not (is_later(a, b) and is_later(b, a))
    assert is_later(a, b) or is_later(b, a) or (a - b) % MODULUS in {0, HALF}


@pytest.mark.parametrize(
    ("base", "following"),
    [
        (None, 2031050400),
        (0, 2031050400),
        (1, 2031050400),
        (2031050399, 2031050400),
        (2031050400, 2031050401),
        (2031050499, 2031050500),
        (2031123100, 2031123101),
        (4000000000, 4000000001),
        (MODULUS - 1, 2031050400),
        (2031050400 + HALF, 2031050401 + HALF),
    ],
)
def test_the_next_is_todays_date_or_the_increment(base: int | None, following: int) -> None:
    assert next_serial(base, TODAY) == following


def test_the_wrap_skips_0() -> None:
    assert next_serial(MODULUS - 1, date(2200, 1, 1)) == 1
    assert next_serial(MODULUS - 2, date(2200, 1, 1)) == MODULUS - 1


@given(serials, st.dates(date(1970, 1, 1), date(4200, 1, 1)))
@example(MODULUS - 1, date(2200, 1, 1))
@example(0, date(2031, 1, 1))
def test_the_next_is_later_in_range_and_not_0(serial: int, today: date) -> None:
    following = next_serial(serial, today)
    assert is_later(following, serial) and 0 < following < MODULUS


@given(st.integers(0, MODULUS - 1), st.lists(st.integers(0, HALF - 1), min_size=1))
def test_none_of_the_others_is_later_than_the_latest(start: int, steps: list[int]) -> None:
    others = [(start + step) % MODULUS for step in steps]
    assert latest(*others) == (start + max(steps)) % MODULUS


@given(serials, serials | st.sampled_from([HALF - 2, HALF - 1, HALF, HALF + 1]))
def test_two_raises_at_most_get_over_any_serial(stored: int, distance: int) -> None:
    served = (stored + distance) % MODULUS
    steps = [stored]
    while is_ahead(served, steps[-1]):
        steps.append(raise_over(steps[-1], served))
        assert steps[-1] != 0
        assert is_later(steps[-1], steps[-2])
    assert len(steps) <= 3
    assert served == steps[-1] or is_later(steps[-1], served)


def test_serials_without_order_need_two_steps() -> None:
    first = raise_over(10, 10 + HALF)
    assert is_later(first, 10)
    assert is_ahead(10 + HALF, first)
    assert raise_over(first, 10 + HALF) == 11 + HALF
