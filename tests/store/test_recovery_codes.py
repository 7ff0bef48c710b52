"""Rows of recovery codes: hashes alone, of one account, used once, replaced together."""

from __future__ import annotations

from appliance.store import accounts, recovery_codes
from tests.workspace import Workspace


def test_codes_are_used_once_by_their_account_and_never_stored(workspace: Workspace) -> None:
    owner, stranger, now = workspace.owner.account.uuid, workspace.stranger.account.uuid, workspace.clock()
    recovery_codes.replace_all(owner, ["abcd-1", "abcd-2"], now)
    recovery_codes.replace_all(stranger, ["foreign"], now)
    assert "abcd-1" not in repr(workspace.rows())
    assert not recovery_codes.use(owner, "foreign", now) and not recovery_codes.use(stranger, "abcd-1", now)
    assert [recovery_codes.use(owner, "abcd-1", now) for _ in range(2)] == [True, False]
    assert [recovery_codes.count_unused(one) for one in (owner, stranger)] == [1, 1]


def test_new_codes_replace_all_of_the_account(workspace: Workspace) -> None:
    owner, stranger, now = workspace.owner.account.uuid, workspace.stranger.account.uuid, workspace.clock()
    recovery_codes.replace_all(owner, ["first"], now)
    recovery_codes.replace_all(stranger, ["foreign"], now)
    recovery_codes.replace_all(owner, ["second"], now)
    assert not recovery_codes.use(owner, "first", now) and recovery_codes.use(owner, "second", now)
    recovery_codes.delete_all(owner)
    digests = [row["digest"] for row in workspace.rows()["recovery_code"]]
    assert digests == [accounts.digest("foreign")]
