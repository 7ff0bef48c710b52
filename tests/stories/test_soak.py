"""The short forms of the parts of `make soak`."""

from __future__ import annotations

import secrets

import pytest

from tests.soak import fuzz, storm, sweep, zones
from tests.soak.course import Course
from tests.soak.parsers import PARSERS

ENOUGH = 100.0


@pytest.fixture
def course(request: pytest.FixtureRequest) -> Course:
    """A course whose seed is printed, and differs from run to run."""
    course = Course(request.node.name.removeprefix("test_").split("[")[0], secrets.randbelow(10**6), ENOUGH)
    course.say(f"seed {course.seed}")
    return course


def test_storm(course: Course) -> None:
    storm.run(course, changes=300, calm=1.0)
    assert not course.violations


def test_sweep(course: Course) -> None:
    sweep.sample(course, kills=5, failures=5)
    assert not course.violations


def test_zones(course: Course) -> None:
    assert not zones.try_batch(course.seed, 0, 1000).violations


@pytest.mark.parametrize("parser", PARSERS)
def test_fuzz(course: Course, parser: str) -> None:
    assert not fuzz.try_inputs(parser, f"{course.seed}/{parser}", 20_000 // len(PARSERS))[1].broken
