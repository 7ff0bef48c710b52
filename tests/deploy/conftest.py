"""Fixtures for the deployer."""

from __future__ import annotations

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.nameserver.checks import ZoneChecker
from tests.pair import Pair, program
from tests.workspace import Workspace


@pytest.fixture
def host(pair: Pair, workspace: Workspace) -> PrimaryHost:
    """The pair's primary with the workspace's apex."""
    return PrimaryHost(
        apex=workspace.editor.apex,
        files=pair.files,
        checker=ZoneChecker(program("named-checkzone"), program("named-checkconf")),
        control=pair.control,
        catalog=pair.catalog,
        updates=pair.updates,
        nameservers=(pair.primary, pair.secondary),
        transfer_key=pair.transfer_key,
        update_key=pair.update_key,
    )
