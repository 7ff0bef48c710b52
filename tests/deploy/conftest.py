"""Fixtures for the deployer."""

from __future__ import annotations

import pytest

from appliance.deploy.host import PrimaryHost
from tests.deployed import host_of
from tests.pair import Pair
from tests.workspace import Workspace


@pytest.fixture
def host(pair: Pair, workspace: Workspace) -> PrimaryHost:
    """The pair's primary with the workspace's apex."""
    return host_of(pair, workspace.editor.apex)
