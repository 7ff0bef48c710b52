"""One appliance per test process; each test uses its own zones and accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.appliance import Appliance, Client


@pytest.fixture(scope="session")
def appliance() -> Iterator[Appliance]:
    """A running appliance."""
    with Appliance() as running:
        yield running


@pytest.fixture(scope="session")
def api(appliance: Appliance) -> Client:
    """A client of its API, for an account of these tests."""
    return appliance.client(appliance.token("stories@example.org"))
