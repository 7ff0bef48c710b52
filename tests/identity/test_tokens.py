"""Tokens that are revoked while what they requested waits for the store."""

from __future__ import annotations

import pytest

from appliance.errors import AuthenticationFailed
from appliance.identity.tokens import create_token, revoke_token
from appliance.principal import Principal, Token, TokenLimits
from appliance.store import accounts
from tests.workspace import Workspace

PERMISSIONS = ("dns:list", "account:tokens")


def _create(workspace: Workspace, creator: Principal, name: str) -> Token:
    return create_token(workspace.store, creator, name, PERMISSIONS, TokenLimits(), workspace.clock())[0]


@pytest.mark.parametrize("revoked", ["itself", "its creator"])
def test_a_token_that_was_revoked_since_it_was_accepted_creates_no_other(workspace: Workspace, revoked: str) -> None:
    first = _create(workspace, workspace.owner, "first")
    second = _create(workspace, Principal.of_token(first, "192.0.2.7"), "second")
    accepted = Principal.of_token(second, "192.0.2.7")
    target = second if revoked == "itself" else first
    revoke_token(workspace.store, workspace.owner, target.uuid, workspace.clock())
    with pytest.raises(AuthenticationFailed):
        _create(workspace, accepted, "third")
    assert "third" not in {token.name for token in accounts.list_tokens()}
