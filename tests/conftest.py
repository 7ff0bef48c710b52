"""What tests of several rooms share: one pair of named and one browser for a whole run, an editor for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect

from tests.browser import TIMEOUT, open_browser
from tests.pair import Pair
from tests.workspace import Workspace, open_workspace

settings.register_profile(
    "quiet", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a busy machine is no bug
settings.load_profile("quiet")


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """A running primary and secondary; every test that uses it works on zones of its own."""
    with Pair() as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running browser; every test that uses it visits as somebody new."""
    expect.set_options(timeout=TIMEOUT)
    with open_browser() as running:
        yield running


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An editor over an empty store."""
    with open_workspace(tmp_path) as opened:
        yield opened
