"""No text of a request keeps a thread busy: patterns and parsers come to an end on what was made to be slow."""

from __future__ import annotations

import pytest

from tests.slow_inputs import Call, parsers, patterns


@pytest.mark.timeout(60)  # one that goes back and forth needs minutes at these lengths, or years
@pytest.mark.parametrize("call", [*patterns(), *parsers()], ids=lambda call: call.name)
def test_it_comes_to_an_end(call: Call) -> None:
    for length in (250, call.longest):
        call.slowest(length, tried=3)


def test_patterns_and_parsers_are_found() -> None:
    assert len(list(patterns())) > 20
    assert len(list(parsers())) > 20
