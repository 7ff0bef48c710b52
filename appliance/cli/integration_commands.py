"""`integration`: credentials for other programs, with their configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click

from appliance.addresses import LOOPBACK, Endpoint
from appliance.cli.accounts import acting_for
from appliance.cli.options import now, opened, settings_options
from appliance.cli.output import json_option, print_json, print_rows
from appliance.cli.parameters import ApplianceUrl, Duration
from appliance.identity.policies import read_zone
from appliance.identity.tokens import read_network
from appliance.integrations.client_credentials import CredentialRequest, create_credential
from appliance.integrations.client_preset import Snippet
from appliance.integrations.configuration import ANY_HOST, Location, configure
from appliance.integrations.presets import CLIENTS, get_preset, is_enabled
from appliance.integrations.protocols import PROTOCOLS
from appliance.principal import TokenLimits
from appliance.settings import ApiSettings, Settings


@click.group()
def integration() -> None:
    """Create credentials for other programs, with the configuration to paste."""


@integration.command("list")
@json_option
@settings_options
def list_clients(settings: Settings, as_json: bool) -> None:
    """List the programs that have a preset, and whether their protocol is enabled."""
    rows = [
        {
            "client": preset.key,
            "label": preset.label,
            "protocol": PROTOCOLS[preset.protocol],
            "writes": preset.purpose.label,
            "enabled": is_enabled(preset.protocol, settings.doors),
        }
        for preset in CLIENTS.values()
    ]
    print_rows(rows, as_json=as_json)


@integration.command("create")
@click.argument("client")
@click.option("--account", "email", required=True, help="Email of the account.")
@click.option("--zone", required=True, help="Zone whose records the program writes.")
@click.option(
    "--record-name",
    "names",
    multiple=True,
    help="Name of a host or of a certificate, such as www; may be repeated. [default: all that the program needs]",
)
@click.option("--name", default="", help="Name of the token. [default: client and zone]")
@click.option("--expires", type=Duration(), help="Time until it expires, such as 90d. [default: never]")
@click.option("--max-unused", type=Duration(), help="Time without use after which it is void, such as 90d.")
@click.option("--network", "networks", multiple=True, help="Accept it only from this network; may be repeated.")
@click.option(
    "--appliance-url",
    type=ApplianceUrl(),
    help="URL of the appliance, as the program reaches it. [default: the first of api.hosts, else api.listen]",
)
@json_option
@settings_options
def create_integration(
    settings: Settings,
    client: str,
    email: str,
    zone: str,
    names: tuple[str, ...],
    name: str,
    appliance_url: str | None,
    as_json: bool,
    **limits: Any,  # noqa: ANN401 - those of `_limits`
) -> None:
    """Create a credential with the least rights for CLIENT, and print the configuration to paste.

    `integration list` lists the values of CLIENT. The secrets are not shown again.
    """
    preset = get_preset(client, settings.doors)
    wanted = CredentialRequest(preset, read_zone(zone, "zone"), names, name, _limits(**limits))
    with opened(settings) as store:
        token, credential = create_credential(store, acting_for(email), wanted, now())
    location = Location(appliance_url or _default_url(settings.api), settings.doors.update)
    snippets = configure(preset, location, credential)
    if as_json:
        shown = [{"file": snippet.file or None, "text": snippet.text} for snippet in snippets]
        print_json({"client": client, "token": str(token.uuid), "secret": credential.secret, "configuration": shown})
    else:
        _print(snippets)
        click.echo(f"token {token.uuid} created; its secrets are not shown again", err=True)


def _limits(expires: timedelta | None, max_unused: timedelta | None, networks: tuple[str, ...]) -> TokenLimits:
    return TokenLimits(
        expires_at=now() + expires if expires else None,
        networks=tuple(map(read_network, networks)) or None,
        max_unused=max_unused,
    )


def _print(snippets: Sequence[Snippet]) -> None:
    """Print each snippet below the name of its file, unless it is the only one."""
    for snippet in snippets:
        if len(snippets) > 1:
            click.echo(f"# {snippet.file or 'commands'}")
        click.echo(snippet.text)


def _default_url(settings: ApiSettings) -> str:
    if settings.hosts:
        return f"https://{settings.hosts[0]}"
    listen = settings.listen if isinstance(settings.listen, Endpoint) else Endpoint("localhost", 80)
    return f"http://{Endpoint(LOOPBACK, listen.port) if listen.host in ANY_HOST else listen}"
