"""Credentials of clients: the least rights that each needs."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from ipaddress import ip_network

import pytest

from appliance.errors import InputError
from appliance.integrations.client_credentials import CredentialRequest, create_credential
from appliance.integrations.configuration import Credential
from appliance.integrations.presets import CLIENTS
from appliance.principal import Token, TokenLimits
from appliance.store import accounts
from appliance.zones.model import Zone
from tests.workspace import Workspace

ADDRESS_CLIENTS = [key for key, preset in CLIENTS.items() if preset.needs_names]
OTHER_CLIENTS = [key for key in CLIENTS if key not in ADDRESS_CLIENTS]


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    return workspace.zone()


def created(
    workspace: Workspace, client: str, *names: str, within: TokenLimits | None = None
) -> tuple[Token, Credential]:
    """Create a credential for a client."""
    wanted = CredentialRequest(CLIENTS[client], "example.com", names, within=within or TokenLimits())
    return create_credential(workspace.store, workspace.owner, wanted, workspace.clock())


def writable(zone: Zone, token: Token) -> set[tuple[str, str]]:
    """Return which of some records the token may write."""
    records = [(rdtype, name) for rdtype in ("TXT", "A", "MX") for name in ("@", "www", "_acme-challenge.www")]
    return {one for one in records if token.limits.allow_record(zone.uuid, "example.com", *one)}


def test_no_client_may_change_more_than_records_of_its_zone(workspace: Workspace, zone: Zone) -> None:
    other = workspace.zone("example.net")
    for client in OTHER_CLIENTS:
        token, credential = created(workspace, client)
        assert token == accounts.find_token(credential.secret) and credential.user == str(token.uuid)
        assert token.name == f"{client} example.com" and credential.email == "owner@example.org"
        limits, rights = token.limits, (token.limits.create_zones, token.limits.delete_zones)
        assert limits.visible_zones == frozenset({zone.uuid}) and rights == (False, False)
        assert not limits.allow_record(other.uuid, "example.net", "TXT", "_acme-challenge")
        expected = {"dns:list", "dns:create", "dns:delete"} | ({"dns:update"} if client == "terraform" else set())
        assert token.permissions == expected and token.has_tsig_key is CLIENTS[client].has_tsig_key
        assert credential.domains == ("example.com", "*.example.com")


WRITABLE: list[tuple[str, tuple[str, ...], set[tuple[str, str]]]] = [
    ("lego-powerdns", (), {("TXT", "_acme-challenge.www")}),
    ("lego-powerdns", ("www.example.com.",), {("TXT", "_acme-challenge.www")}),
    ("lego-powerdns", ("@",), set()),
    ("lego-acme-dns", ("www",), {("TXT", "_acme-challenge.www")}),
    ("lego-acme-dns", (), set()),
    ("fritzbox", ("www",), {("A", "www")}),
    ("ddclient", ("@", "www"), {("A", "@"), ("A", "www")}),
]


def test_what_clients_may_write(workspace: Workspace, zone: Zone) -> None:
    for client, names, expected in WRITABLE:
        assert writable(zone, created(workspace, client, *names)[0]) == expected, (client, names)


def test_names_are_shown_in_full(workspace: Workspace, zone: Zone) -> None:
    assert created(workspace, "ddclient", "@", "WWW")[1].domains == ("example.com", "www.example.com")


def test_a_key_signs_updates(workspace: Workspace, zone: Zone) -> None:
    token, credential = created(workspace, "nsupdate")
    assert accounts.find_tsig_key(token.uuid) == (token, base64.b64decode(credential.key_secret))
    assert created(workspace, "lego-powerdns")[1].key_secret == ""


def test_an_account_of_acme_dns(workspace: Workspace, zone: Zone) -> None:
    token, credential = created(workspace, "lego-acme-dns")
    account = json.loads(credential.account)
    assert account["fulldomain"] == "_acme-challenge.example.com" and account["password"] == credential.secret
    assert account["username"] == account["subdomain"] == str(token.uuid)
    assert created(workspace, "lego-acme-dns", "www")[1].domains == ("www.example.com",)


@pytest.mark.parametrize("client", ["lego-powerdns", "lego-acme-dns"])
def test_further_limits_are_kept(workspace: Workspace, zone: Zone, client: str) -> None:
    within = TokenLimits(
        expires_at=workspace.clock() + timedelta(days=1),
        networks=(ip_network("192.0.2.0/24"),),
        max_unused=timedelta(days=90),
    )
    limits = created(workspace, client, within=within)[0].limits
    assert (limits.expires_at, limits.networks, limits.max_unused) == (
        within.expires_at,
        within.networks,
        within.max_unused,
    )


REFUSED: list[tuple[str, str, tuple[str, ...], str]] = [
    ("lego-powerdns", "example.net", (), "zones"),
    ("lego-powerdns", "stranger.example", (), "zones"),
    ("lego-powerdns", "example.com", ("www.example.net.",), "record_names"),
    ("lego-powerdns", "example.com", ("*",), "record_names"),
    ("lego-powerdns", "example.com", ("a b",), "record_names"),
    ("lego-acme-dns", "example.com", ("a", "b"), "record_names"),
    ("nsupdate", "example.com", ("www",), "record_names"),
    *((client, "example.com", (), "record_names") for client in ADDRESS_CLIENTS),
]


def test_what_does_not_fit_is_refused(workspace: Workspace, zone: Zone) -> None:
    workspace.editor.create_zone(workspace.stranger, "stranger.example")
    for client, zone_name, names, field in REFUSED:
        wanted = CredentialRequest(CLIENTS[client], zone_name, names)
        with pytest.raises(InputError) as refused:
            create_credential(workspace.store, workspace.owner, wanted, workspace.clock())
        assert refused.value.field == field, wanted
    assert accounts.list_tokens() == []
