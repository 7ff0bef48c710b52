"""One appliance for the stories of a test process; each story works on zones and accounts of its own."""

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
    """Its API for an account of the stories."""
    return appliance.client(appliance.token("stories@example.org"))
