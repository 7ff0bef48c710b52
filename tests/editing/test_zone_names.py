"""Which names may become zones: deleted zones are reserved for their account, at every door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from dns.rdatatype import RdataType

from appliance.editing.zone_names import RESERVATION
from appliance.errors import InvalidName, OperatorsOnly, RuleBroken
from appliance.zones.own_records import OwnAddress
from tests.workspace import SERVERS, Workspace

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


def test_operators_may_have_the_zone_of_the_nameservers(workspace: Workspace) -> None:
    addresses = tuple(OwnAddress(server, RdataType.A, "192.0.2.1") for server in SERVERS)
    apex = replace(workspace.editor.apex, addresses=addresses, catalog=workspace.editor.own_names.catalog)
    workspace.editor = replace(workspace.editor, apex=apex)
    with pytest.raises(OperatorsOnly):
        workspace.zone("appliance.test")
    operator = replace(workspace.owner, permissions=frozenset({"admin:*"}))
    zone = workspace.editor.create_zone(operator, "appliance.test")
    workspace.add(zone, "A", "www", "192.0.2.9")
    for name in ("ns1", "catalog"):
        with pytest.raises(RuleBroken, match=r"comes? from the settings|catalog zone"):
            workspace.add(zone, "A", name, "192.0.2.9")
    with pytest.raises(InvalidName, match="catalog zone"):
        workspace.editor.create_zone(operator, "catalog.appliance.test")
