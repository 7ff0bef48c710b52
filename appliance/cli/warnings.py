"""`zone warnings`: what is valid in a zone and probably not intended, through the API."""

from __future__ import annotations

from collections.abc import Mapping

import click

from appliance.cli.diffs import describe_warning
from appliance.cli.output import json_option, print_json
from appliance.cli.remote import api_options
from appliance.client import ApiClient


@click.command()
@click.argument("domain")
@json_option
@api_options
def list_warnings(api: ApiClient, domain: str, as_json: bool) -> None:
    """List what is valid in a zone and probably not intended: at most the first 1000 warnings."""
    found: list[Mapping[str, str]] = api.get_zone(domain, "warnings/")
    if as_json:
        print_json(found)
        return
    for one in found:
        click.echo(f"{one['name']} {describe_warning(one)}")
    click.echo(f"{len(found)} warning{'' if len(found) == 1 else 's'}", err=True)
