"""An appliance for one test, with one live zone, or for all tests of a file, each with a zone of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.appliance import Appliance
from tests.live_zone import CHECKERS, LiveZone
from tests.pair import program

NUMBERS = count()


@contextmanager
def appliance_with_checkers(folder: Path) -> Iterator[Appliance]:
    """Yield an appliance that reconciles often, whose checkers are scripts in the folder that a test may replace."""
    with pytest.MonkeyPatch.context() as environment:
        for name, variable in CHECKERS.items():
            checker = folder / name
            checker.write_text(f'#!/bin/sh\nexec {program(name)} "$@"\n')
            checker.chmod(0o755)
            environment.setenv(variable, str(checker))
        environment.setenv("DNS_APPLIANCE_DEPLOYER_CHECK_TIMEOUT", "1")
        environment.setenv("DNS_APPLIANCE_DOORS_UPDATE", "")
        environment.setenv("DNS_APPLIANCE_DEPLOYER_RECONCILE_INTERVAL", "2")
        with Appliance() as running:
            yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Appliance]:
    """An appliance for one test, whose checkers are scripts that the test may replace."""
    with appliance_with_checkers(tmp_path) as running:
        yield running


@pytest.fixture
def live_zone(own: Appliance) -> LiveZone:
    """A live zone on that appliance."""
    return LiveZone(own)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """An appliance for the tests of a file, whose checkers are scripts that a test may replace."""
    with appliance_with_checkers(tmp_path_factory.mktemp("checkers")) as running:
        yield running


@pytest.fixture
def new_zone(shared: Appliance) -> LiveZone:
    """A new live zone on the appliance of the file."""
    return LiveZone(shared, f"shared{next(NUMBERS)}.example")
