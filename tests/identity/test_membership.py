"""What an operator may do whose account is disabled while what they requested waits for the store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.errors import NotPermitted
from appliance.identity import membership
from appliance.principal import Principal
from appliance.store import accounts, invitations
from tests.workspace import Workspace, principal_of

Action = Callable[[Workspace, Principal], object]


def _enable_itself(workspace: Workspace, operator: Principal) -> None:
    membership.enable(workspace.store, operator, operator.account.uuid, workspace.clock())


def _disable_another(workspace: Workspace, operator: Principal) -> None:
    membership.disable(workspace.store, operator, workspace.owner.account.uuid, workspace.clock())


def _invite(workspace: Workspace, operator: Principal) -> None:
    membership.invite(workspace.store, operator, "friend@example.org", workspace.clock(), is_admin=True)


def _revoke_invitation(workspace: Workspace, operator: Principal) -> None:
    (pending,) = invitations.pending(workspace.clock())
    membership.withdraw(workspace.store, operator, pending.uuid, workspace.clock())


@pytest.mark.parametrize("action", [_enable_itself, _disable_another, _invite, _revoke_invitation])
def test_an_operator_that_was_disabled_since_it_was_accepted_does_nothing(workspace: Workspace, action: Action) -> None:
    now = workspace.clock()
    first, second = (
        principal_of(accounts.create_account(email, now, is_admin=True))
        for email in ("first@example.org", "second@example.org")
    )
    membership.invite(workspace.store, first, "new@example.org", now, is_admin=False)
    membership.disable(workspace.store, first, second.account.uuid, now)
    before = workspace.rows()
    with pytest.raises(NotPermitted, match="only operators"):
        action(workspace, second)
    assert workspace.rows() == before
