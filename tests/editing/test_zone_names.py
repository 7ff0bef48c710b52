"""Which names may become zones: deleted zones are reserved for their account, at every door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.editing.zone_names import RESERVATION
from appliance.errors import InvalidName
from tests.workspace import Workspace

DELETED = "victim.example"


@pytest.fixture
def deleted(workspace: Workspace) -> Workspace:
    """A workspace whose owner has deleted a zone."""
    workspace.editor.delete_zone(workspace.owner, workspace.zone(DELETED).uuid)
    return workspace


@pytest.mark.parametrize("domain", [DELETED, f"www.{DELETED}", f"a.b.{DELETED}", "example"])
def test_a_deleted_zone_counts_as_existing_towards_other_accounts(deleted: Workspace, domain: str) -> None:
    operator = replace(deleted.stranger, permissions=frozenset({"admin:*"}))
    for wait in (timedelta(), RESERVATION - timedelta(seconds=1)):
        deleted.clock.now += wait
        with pytest.raises(
            InvalidName, match=r"is reserved: another account deleted .* less than 30 days ago"
        ) as error:
            deleted.editor.create_zone(operator, domain)
        assert error.value.field == "domain"
    deleted.clock.forward(seconds=1)
    assert deleted.editor.create_zone(operator, domain).account == operator.account.uuid


@pytest.mark.parametrize("domain", [DELETED, f"www.{DELETED}"])
def test_its_own_account_may_use_its_names_at_once(deleted: Workspace, domain: str) -> None:
    assert deleted.editor.create_zone(deleted.owner, domain).account == deleted.owner.account.uuid


def test_names_beside_a_deleted_zone_are_free(deleted: Workspace) -> None:
    for domain in (f"x{DELETED}", "other.example", f"{DELETED}.com"):
        deleted.editor.create_zone(deleted.stranger, domain)


def test_an_existing_zone_is_reported_rather_than_a_deleted_one(deleted: Workspace) -> None:
    deleted.zone(f"www.{DELETED}")
    with pytest.raises(InvalidName, match="is above or below a zone of another account"):
        deleted.editor.create_zone(deleted.stranger, f"a.www.{DELETED}")
