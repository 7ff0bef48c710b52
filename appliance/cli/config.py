"""`config`: the settings in effect and the source of each."""

from __future__ import annotations

import click

from appliance.cli.options import settings_options
from appliance.cli.output import json_option, print_rows
from appliance.errors import SettingsError
from appliance.settings import Settings, known_keys, print_value


@click.group()
def config() -> None:
    """Show and check the settings."""


@config.command("show")
@json_option
@settings_options
def show_config(settings: Settings, as_json: bool) -> None:
    """Print every setting, its value and its source."""
    print_rows([_row(settings, key) for key in known_keys()], as_json=as_json)


@config.command("check")
@settings_options
def check_config(settings: Settings) -> None:
    """Check the settings.

    Exits with status 1 if they are invalid or incomplete.
    """
    if not settings.dns.nameservers:
        raise SettingsError(
            "dns.nameservers is empty; set it to name=address:port of each nameserver, the primary first"
        )
    click.echo("the settings are valid")


def _row(settings: Settings, key: str) -> dict[str, object]:
    section, name = key.split(".")
    value = print_value(getattr(getattr(settings, section), name))
    return {"key": key, "value": value, "source": settings.sources.get(key, "default")}
