"""`status`: what is wanted, what each nameserver answered last, and what stands in the way."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from appliance.cli.options import json_option, now, opened, print_rows, settings_options
from appliance.errors import NotFound
from appliance.settings import Settings
from appliance.store import outcomes, zones
from appliance.store.zones import Page, Scope
from appliance.troubles import find_troubles
from appliance.zones.deployment import Deployment, State
from appliance.zones.model import Zone
from appliance.zones.names import parse_domain, print_domain

PAGE = 1000


@click.command()
@click.argument("domain", required=False)
@json_option
@settings_options
def status(settings: Settings, domain: str | None, as_json: bool) -> None:
    """Per zone: serial wanted, serial at each nameserver, state, last error; status 1 when one is not live."""
    names = [server.name for server in settings.dns.nameservers]
    with opened(settings):
        rows = [_row(zone, state) for zone, state in _standing(domain, names)]
        troubles = find_troubles(names, now()) if domain is None else []
    print_rows(rows, as_json=as_json)
    for trouble in troubles:
        click.echo(f"{trouble.text}. What to do: {trouble.remedy}", err=True)
    well = all(row["state"] == State.LIVE for row in rows) and all(trouble.kind == "stray" for trouble in troubles)
    sys.exit(0 if well else 1)


def _standing(domain: str | None, names: list[str]) -> Iterator[tuple[Zone, Deployment]]:
    if domain is not None:
        zone = zones.get_by_name(parse_domain(domain))
        if zone is None:
            raise NotFound(f"there is no zone {domain}")
        yield zone, outcomes.deployments([zone], names)[zone.uuid]
        return
    number = 1
    while found := zones.find(Scope(None), Page(number, PAGE))[0]:
        states = outcomes.deployments(found, names)
        yield from ((zone, states[zone.uuid]) for zone in found)
        number += 1


def _row(zone: Zone, state: Deployment) -> dict[str, object]:
    answers = {seen.nameserver: seen.serial for seen in state.nameservers}
    return {
        "zone": print_domain(zone.name),
        "wanted": zone.serial,
        **answers,
        "state": state.state.value,
        "error": state.error,
    }
