"""acme-dns accounts as tokens: one zone, TXT, one name, within the limits of who creates them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from appliance.errors import InputError, NotPermitted
from appliance.identity.acme_dns import account_of, create_account, zone_for_registration
from appliance.principal import Principal, TokenLimits
from appliance.store import accounts
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from tests.workspace import Workspace

NETWORKS = (ip_network("192.0.2.0/24"),)


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    return workspace.zone()


def _token(workspace: Workspace, *permissions: str, limits: TokenLimits) -> Principal:
    token, _ = accounts.create_token(workspace.owner.account, "t", permissions, workspace.clock(), limits)
    return Principal.of_token(token, "192.0.2.7")


def test_an_account_is_a_token_that_writes_one_name(workspace: Workspace, zone: Zone) -> None:
    created = create_account(workspace.store, workspace.owner, zone, workspace.clock(), label="_acme-challenge.www")
    token = accounts.find_token(created.secret)
    assert token == created.token and print_domain(created.owner) == "_acme-challenge.www.example.com"
    limits = token.limits
    assert limits.allow_record(zone.uuid, "example.com", "TXT", "_acme-challenge.www")
    assert not limits.allow_record(zone.uuid, "example.com", "A", "_acme-challenge.www")
    assert not limits.allow_record(zone.uuid, "example.com", "TXT", "www")
    found = account_of(Principal.of_token(token, "192.0.2.7"))
    assert found and found.owner == created.owner and not found.secret


def test_the_label_is_random_by_default(workspace: Workspace, zone: Zone) -> None:
    one, two = (create_account(workspace.store, workspace.owner, zone, workspace.clock()) for _ in range(2))
    assert one.owner != two.owner and one.owner.is_subdomain(zone.name)


@pytest.mark.parametrize("label", ["@", "*", "*.www", "example.com.", "www.example.net.", "a b"])
def test_a_label_is_one_name_below_the_zone(workspace: Workspace, zone: Zone, label: str) -> None:
    with pytest.raises(InputError) as refused:
        create_account(workspace.store, workspace.owner, zone, workspace.clock(), label=label)
    assert refused.value.field == "record_names"


def test_an_account_has_the_limits_of_the_token_that_creates_it(workspace: Workspace, zone: Zone) -> None:
    expires_at = workspace.clock() + timedelta(days=9)
    limits = TokenLimits(expires_at=expires_at, networks=NETWORKS, zones=frozenset({zone.uuid}))
    principal = _token(workspace, "dns:*", "account:tokens", limits=limits)
    assert zone_for_registration(principal) == zone
    created = create_account(workspace.store, principal, zone, workspace.clock())
    assert (created.token.limits.expires_at, created.token.limits.networks) == (expires_at, NETWORKS)
    wider = TokenLimits(networks=(ip_network("0.0.0.0/0"),))
    with pytest.raises(NotPermitted):
        create_account(workspace.store, principal, zone, workspace.clock(), within=wider)


def test_accounts_are_registered_by_a_token_of_one_zone(workspace: Workspace, zone: Zone) -> None:
    other = workspace.zone("example.net")
    one = TokenLimits(zones=frozenset({zone.uuid}))
    for limits in (TokenLimits(), replace(one, zones=frozenset({zone.uuid, other.uuid}))):
        with pytest.raises(NotPermitted):
            zone_for_registration(_token(workspace, "dns:*", "account:tokens", limits=limits))
    with pytest.raises(NotPermitted):
        zone_for_registration(_token(workspace, "dns:*", limits=one))


@pytest.mark.parametrize(
    "change",
    [
        {"record_types": None},
        {"record_types": ("A", "TXT")},
        {"record_names": None},
        {"record_names": ("one", "two")},
        {"record_names": ("_acme-challenge.*",)},
        {"zones": None},
    ],
)
def test_no_other_token_is_an_account(workspace: Workspace, zone: Zone, change: dict[str, object]) -> None:
    limits = TokenLimits(zones=frozenset({zone.uuid}), record_types=("TXT",), record_names=("one",))
    assert account_of(_token(workspace, "dns:*", limits=limits))
    assert not account_of(_token(workspace, "dns:*", limits=replace(limits, **change)))  # type: ignore[arg-type]
