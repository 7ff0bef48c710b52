"""No text in a request keeps a thread busy: patterns and parsers finish even for the slowest inputs."""

from __future__ import annotations

import pytest

from tests.slow_inputs import Call, parsers, patterns


@pytest.mark.timeout(60)  # a backtracking pattern takes minutes or years at these lengths
@pytest.mark.parametrize("call", [*patterns(), *parsers()], ids=lambda call: call.name)
def test_it_finishes(call: Call) -> None:
    for length in (250, call.longest):
        call.slowest(length, tried=3)


def test_patterns_and_parsers_are_found() -> None:
    assert len(list(patterns())) > 20
    assert len(list(parsers())) > 20
