"""Durations as text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.durations import parse_duration, print_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("12h", timedelta(hours=12)),
        ("730d", timedelta(days=730)),
    ],
)
def test_durations_round_trip(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration
    assert print_duration(duration) == text


@pytest.mark.parametrize("text", ["", "1", "d", "-1d", "1.5d", "1 d", "1D", "1d1h", "1000000d", "١d"])
def test_other_texts_are_no_durations(text: str) -> None:
    assert parse_duration(text) is None
