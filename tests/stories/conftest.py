"""An appliance for one test, with one live zone; a test file may have an appliance of its own instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.appliance import Appliance
from tests.live_zone import CHECKERS, LiveZone
from tests.pair import program


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
