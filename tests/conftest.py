"""What tests of several packages share: one pair of named, one appliance and one browser for each process of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect

from tests.appliance import Appliance, Client
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
def appliance() -> Iterator[Appliance]:
    """A running appliance; every test that uses it has its own zones and accounts."""
    with Appliance() as running:
        yield running


@pytest.fixture(scope="session")
def api(appliance: Appliance) -> Client:
    """A client of its API, for an account of these tests."""
    return appliance.client(appliance.token("stories@example.org"))


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
