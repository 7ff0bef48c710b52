"""Fixtures for the deployer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.nameserver.notify_sender import NotifySender
from tests.deployed import host_of
from tests.pair import Pair
from tests.workspace import Workspace


@pytest.fixture
def host(pair: Pair, workspace: Workspace) -> PrimaryHost:
    """The pair's primary with the workspace's apex."""
    return host_of(pair, workspace.editor.apex)


@pytest.fixture
def notifies(host: PrimaryHost) -> Iterator[NotifySender]:
    """Who notifies the pair's secondary."""
    with closing(NotifySender(host.secondaries, host.transfer_key, lambda: datetime.now(UTC))) as sender:
        yield sender
