"""`token`: policies, presets and other limits on the command line."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from appliance.cli import program
from appliance.keys import read_key
from appliance.principal import Policy, TokenLimits
from appliance.store import accounts
from tests.workspace import Workspace

OWNER = "owner@example.org"


def run(workspace: Workspace, *arguments: str) -> Result:
    """Run a command on the store of the workspace."""
    environment = {"DNS_APPLIANCE_STORE_PATH": str(workspace.store.path)}
    return CliRunner().invoke(program, ["token", *arguments], env=environment)


def created(workspace: Workspace, *options: str) -> tuple[frozenset[str], TokenLimits]:
    """Return permissions and limits of a token that the command creates."""
    result = run(workspace, "create", "--account", OWNER, "--name", "n", *options)
    assert result.exit_code == 0, result.output
    token = accounts.find_token(result.output.strip())
    assert token
    return token.permissions, token.limits


@pytest.fixture
def zone(workspace: Workspace) -> UUID:
    """The uuid of a zone of the owner."""
    return workspace.zone("example.com").uuid


def test_policies_and_rights(workspace: Workspace, zone: UUID) -> None:
    options = ("--permission", "dns:list", "--no-delete-zones", "--create-zones", "--max-unused", "36h")
    lines = ("zone=example.com name=www types=A,AAAA write", "zone=new.example read")
    _, limits = created(workspace, *options, "--policy", lines[0], "--policy", lines[1])
    assert limits == TokenLimits(
        policies=(
            Policy(frozenset({zone}), ("www",), ("A", "AAAA")),
            Policy(frozenset({"new.example"}), write=False),
        ),
        create_zones=True,
        delete_zones=False,
        max_unused=timedelta(hours=36),
    )
    (shown,) = json.loads(run(workspace, "list", "--json").output)
    assert shown["policies"][1] == {"zone": "new.example", "name": None, "types": None, "write": False}
    assert shown["max_unused"] == "36h"
    assert lines[1] in run(workspace, "list").output


def test_the_older_limits_and_a_preset(workspace: Workspace, zone: UUID) -> None:
    _, limits = created(workspace, "--permission", "dns:update", "--record-name", "WWW", "--record-type", "a")
    assert limits == TokenLimits(record_names=("www",), record_types=("A",))
    heading, row = run(workspace, "list").output.splitlines()
    shown = {title: row[heading.index(title) :].split()[0] for title in ("RECORD TYPES", "RECORD NAMES")}
    assert shown == {"RECORD TYPES": "A", "RECORD NAMES": "www"}
    permissions, limits = created(
        workspace, "--preset", "dynamic-dns", "--zone", "example.com", "--record-name", "home"
    )
    assert limits.policies == (Policy(frozenset({zone}), ("home",), ("A", "AAAA")),) and "dns:update" in permissions
    assert (limits.create_zones, limits.delete_zones) == (False, False)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), "--permission or --preset is required"),
        (("--preset", "full", "--permission", "dns:list"), "decides permissions"),
        (("--permission", "dns:list", "--policy", "zone=example.com"), "either read or write"),
        (("--permission", "dns:list", "--zone", "unknown.example"), "no zone unknown.example"),
    ],
)
def test_wrong_options_are_refused(workspace: Workspace, options: tuple[str, ...], text: str) -> None:
    result = run(workspace, "create", "--account", OWNER, "--name", "n", *options)
    assert result.exit_code != 0 and text in f"{result.output}{result.exception}"
    assert accounts.list_tokens() == []


def test_an_account_of_acme_dns_is_printed_as_its_clients_keep_it(workspace: Workspace, zone: UUID) -> None:
    basis = ("create", "--account", OWNER, "--name", "n", "--acme-dns")
    result = run(workspace, *basis, "--zone", "example.com", "--record-name", "_acme-challenge", "--expires", "90d")
    assert result.exit_code == 0, result.output
    document = json.loads(result.output)
    assert list(document) == ["username", "password", "fulldomain", "subdomain", "allowfrom"]
    token = accounts.find_token(document["password"])
    assert token and str(token.uuid) == document["username"] and token.limits.expires_at
    assert (token.limits.zones, document["fulldomain"]) == (frozenset({zone}), "_acme-challenge.example.com")


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--zone", "example.com", "--zone", "example.net"),
        ("--zone", "example.com", "--record-name", "a", "--record-name", "b"),
        ("--zone", "example.com", "--permission", "dns:list"),
        ("--zone", "example.com", "--preset", "full"),
        ("--zone", "example.com", "--record-type", "TXT"),
        ("--zone", "example.com", "--policy", "zone=example.com write"),
        ("--zone", "example.com", "--tsig"),
    ],
)
def test_an_account_of_acme_dns_is_of_one_zone_and_decides_the_rest(
    workspace: Workspace, options: tuple[str, ...]
) -> None:
    result = run(workspace, "create", "--account", OWNER, "--name", "n", "--acme-dns", *options)
    assert result.exit_code == 2 and "--acme-dns" in result.output


def test_a_tsig_key_is_printed_as_a_key_statement(workspace: Workspace, tmp_path: Path) -> None:
    options = ("create", "--account", OWNER, "--name", "dhcp", "--permission", "dns:update", "--tsig")
    secret, _, statement = run(workspace, *options).output.partition("\n")
    token = accounts.find_token(secret)
    (tmp_path / "key").write_text(statement)
    key = read_key(tmp_path / "key")
    assert token and (key.name, key.octets) == (str(token.uuid), accounts.tsig_secret(secret))
    shown = json.loads(run(workspace, *options, "--json").output)
    assert base64.b64decode(shown["tsig"]["secret"]) == accounts.tsig_secret(shown["secret"])
