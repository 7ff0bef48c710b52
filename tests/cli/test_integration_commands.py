"""`integration`: credentials of clients on the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from appliance.cli import program
from appliance.integrations.presets import CLIENTS
from appliance.store import accounts
from tests.workspace import Workspace

OWNER = "owner@example.org"


def run(workspace: Workspace, *arguments: str, **environment: str) -> Result:
    """Run a command on the store of the workspace."""
    environment = {"DNS_APPLIANCE_STORE_PATH": str(workspace.store.path), **environment}
    return CliRunner().invoke(program, ["integration", *arguments], env=environment)


def create(workspace: Workspace, client: str, *options: str, **environment: str) -> Result:
    """Create a credential for the zone."""
    return run(workspace, "create", client, "--account", OWNER, "--zone", "example.com", *options, **environment)


@pytest.fixture
def zone(workspace: Workspace) -> UUID:
    """The uuid of a zone of the owner."""
    return workspace.zone().uuid


def test_the_configuration_of_one_file_is_printed_alone(workspace: Workspace, zone: UUID) -> None:
    found = create(workspace, "lego-httpreq", "--appliance-url", "https://dns.example.net")
    (token,) = accounts.list_tokens()
    first, *_ = found.stdout.splitlines()
    start = "export HTTPREQ_ENDPOINT=https://dns.example.net/httpreq HTTPREQ_USERNAME=lego HTTPREQ_PASSWORD="
    assert first.startswith(f"{start}{token.prefix}")
    assert accounts.find_token(first.removeprefix(start)) == token
    assert found.stderr == f"token {token.uuid} created; its secrets are not shown again\n"


def test_several_files_are_printed_below_their_names(workspace: Workspace, zone: UUID) -> None:
    found = create(workspace, "certbot-powerdns", "--record-name", "www", DNS_APPLIANCE_API_HOSTS="dns.example.net")
    assert found.stdout.startswith("# powerdns.ini\ndns_powerdns_api_url = https://dns.example.net\n")
    assert "\n\n# commands\ncertbot certonly " in found.stdout and "-d www.example.com " in found.stdout


def test_json(workspace: Workspace, zone: UUID) -> None:
    options = ("--name", "home", "--expires", "90d", "--max-unused", "30d", "--network", "192.0.2.0/24", "--json")
    shown = json.loads(create(workspace, "ddclient", "--record-name", "home", *options).stdout)
    (token,) = accounts.list_tokens()
    assert (shown["client"], UUID(shown["token"]), token.name) == ("ddclient", token.uuid, "home")
    assert accounts.find_token(shown["secret"]) == token
    assert [one["file"] for one in shown["configuration"]] == ["ddclient.conf", None]
    assert "server=127.0.0.1:8053\nssl=no\n" in shown["configuration"][0]["text"]
    assert token.limits.networks and token.limits.expires_at and token.limits.max_unused == timedelta(days=30)


@pytest.mark.parametrize(
    ("client", "options", "message"),
    [
        ("everything", (), "'everything' is not a client"),
        ("nsupdate", (), "nsupdate needs DNS UPDATE, which is switched off here (doors.update)"),
        ("ddclient", (), "ddclient needs the names"),
    ],
)
def test_what_is_refused(workspace: Workspace, zone: UUID, client: str, options: tuple[str, ...], message: str) -> None:
    refused = create(workspace, client, *options)
    assert message in str(refused.exception) and refused.exit_code == 1 and accounts.list_tokens() == []


@pytest.mark.parametrize(
    "url",
    [
        "dns.example.net",
        "ftp://dns.example.net",
        "https://",
        "https://dns.example.net/api/v1",
        "http://[::1",
        "http://a:b",
    ],
)
def test_a_url_of_the_appliance_that_is_none(workspace: Workspace, zone: UUID, url: str) -> None:
    refused = create(workspace, "lego-powerdns", "--appliance-url", url)
    assert f"{url!r} is not a URL without a path, such as https://dns.example.net" in refused.stderr
    assert refused.exit_code == 2 and accounts.list_tokens() == []


def test_a_final_slash_of_the_url_is_left_out(workspace: Workspace, zone: UUID) -> None:
    found = create(workspace, "lego-powerdns", "--appliance-url", "https://dns.example.net:8443/")
    assert "PDNS_API_URL=https://dns.example.net:8443 " in found.stdout


def test_the_list_says_what_is_switched_on(workspace: Workspace) -> None:
    found = json.loads(run(workspace, "list", "--json", DNS_APPLIANCE_DOORS_HTTPREQ="false").stdout)
    assert [one["client"] for one in found] == list(CLIENTS)
    closed = {one["protocol"] for one in found if not one["enabled"]}
    assert closed == {"httpreq", "DNS UPDATE"}


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::1]:8053", "http://[::1]:8053"),
        ("unix:/run/api.sock", "http://localhost:80"),
    ],
)
def test_the_url_without_hosts(workspace: Workspace, zone: UUID, listen: str, url: str) -> None:
    assert f"PDNS_API_URL={url} " in create(workspace, "lego-powerdns", DNS_APPLIANCE_API_LISTEN=listen).stdout
