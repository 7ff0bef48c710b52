"""`status`: desired serial of each zone, last serial of each nameserver, state, and problems."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from appliance.cli.options import now, opened, settings_options
from appliance.cli.output import json_option, print_rows
from appliance.cli.screen import Row, redraw
from appliance.errors import NotFound
from appliance.principal import Scope
from appliance.problems import find_problems
from appliance.settings import Settings
from appliance.store import deployments, zones
from appliance.store.file.space import measure
from appliance.store.zones import Page
from appliance.zones.deployment import Deployment, DeploymentState
from appliance.zones.deployment_error import explain
from appliance.zones.model import Zone
from appliance.zones.names import parse_domain, print_domain

PAGE = 1000
HELD = "held"
"""Shown for a zone whose ownership is not proven: nothing is wrong with its deployment."""


@click.command()
@click.argument("domain", required=False)
@click.option("--watch", is_flag=True, help="On a terminal, redraw every second until all zones are live.")
@json_option
@settings_options
def status(settings: Settings, domain: str | None, watch: bool, as_json: bool) -> None:
    """Show the deployment state of zones.

    Columns: desired serial, serial at each nameserver, state, last error. Problems are printed below. Exits with
    status 1 if a zone is neither live nor held, or there is any problem. With --json, zones are as the API shows them.
    """
    from appliance.api.presentation import dump_zone  # noqa: PLC0415 - the other commands start sooner without

    if watch and not as_json and sys.stdout.isatty():
        rows = redraw(lambda: _unfinished_first(_rows(settings, domain)), _summary)
    else:
        found = _found(settings, domain)
        rows = [_row(*one) for one in found]
        print_rows([dump_zone(*one, now()) for one in found] if as_json else rows, as_json=as_json)
    is_healthy = _report_problems(settings) if domain is None else True
    sys.exit(0 if is_healthy and _all_live(rows) else 1)


def _rows(settings: Settings, domain: str | None) -> list[Row]:
    return [_row(*one) for one in _found(settings, domain)]


def _found(settings: Settings, domain: str | None) -> list[tuple[Zone, Deployment]]:
    names = [server.name for server in settings.dns.nameservers]
    with opened(settings):
        return list(_deployments(domain, names))


def _report_problems(settings: Settings) -> bool:
    """Print every problem and its remedy; return True if there is none."""
    with opened(settings):
        names, space = [server.name for server in settings.dns.nameservers], measure(settings.store.path)
        problems = find_problems(names, now(), space)
    for problem in problems:
        click.echo(f"{problem.text}. What to do: {problem.remedy}", err=True)
    return not problems


def _all_live(rows: Sequence[Row]) -> bool:
    return all(row["state"] in (DeploymentState.LIVE, HELD) for row in rows)


def _unfinished_first(rows: list[Row]) -> tuple[list[Row], bool]:
    return sorted(rows, key=lambda row: row["state"] == DeploymentState.LIVE), _all_live(rows)


def _summary(rows: Sequence[Row]) -> str:
    live = sum(row["state"] == DeploymentState.LIVE for row in rows)
    return f"{live} of {len(rows)} zones are live"


def _deployments(domain: str | None, names: list[str]) -> Iterator[tuple[Zone, Deployment]]:
    if domain is not None:
        zone = zones.get_by_name(parse_domain(domain))
        if zone is None:
            raise NotFound(f"there is no zone {domain}")
        yield zone, deployments.of_zones([zone], names)[zone.uuid]
        return
    number = 1
    while found := zones.find(Scope(None), Page(number, PAGE))[0]:
        states = deployments.of_zones(found, names)
        yield from ((zone, states[zone.uuid]) for zone in found)
        number += 1


def _row(zone: Zone, state: Deployment) -> Row:
    answers = {seen.nameserver: seen.serial for seen in state.nameservers}
    return {
        "zone": print_domain(zone.name),
        "desired": zone.serial,
        **answers,
        "state": HELD if state.hold else state.state.value,
        "error": explain(state, now()),
    }
