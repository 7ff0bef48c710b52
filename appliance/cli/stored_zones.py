"""`zone release`, `check`: what operators do with stored zones on the appliance's host."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from appliance.cli.options import acting_for, now, opened, settings_options
from appliance.cli.output import json_option, print_rows
from appliance.cli.screen import progress
from appliance.editing import editor_from
from appliance.errors import NotFound
from appliance.principal import Scope
from appliance.settings import Settings
from appliance.store import accounts, zones
from appliance.store.zones import Page
from appliance.zones.model import Zone
from appliance.zones.names import parse_domain, print_domain

PAGE = 1000


@click.command()
@click.argument("domain")
@settings_options
def release_zone(settings: Settings, domain: str) -> None:
    """Publish a zone that is held until its ownership is proven."""
    with opened(settings) as store:
        found = find_stored(domain)
        acting = acting_for(accounts.get_account(found.account))
        editor_from(settings, store, now).release_zone(acting, found.uuid)
    click.echo(f"zone {print_domain(found.name)} released")


@click.command()
@click.argument("domain", required=False)
@json_option
@settings_options
def check_zone(settings: Settings, domain: str | None, as_json: bool) -> None:
    """Check one stored zone, or all zones.

    Uses the appliance's rules and named-checkzone. Exits with status 1 if anything is found.
    """
    from appliance.doctor.zones import check_zones  # noqa: PLC0415 - the other commands start sooner without

    rows = []
    with opened(settings) as store, progress("Checking") as report:
        checked = [find_stored(domain)] if domain else [one for page in _pages(Scope(None)) for one in page]
        for number, (one, findings) in enumerate(check_zones(checked, settings, store), 1):
            rows += [{"domain": print_domain(one.name), "finding": finding} for finding in findings]
            report(number, len(checked))
    print_rows(rows, as_json=as_json)
    if not as_json:
        click.echo(f"{len(checked)} zones checked, {len(rows)} findings", err=True)
    sys.exit(1 if rows else 0)


def find_stored(domain: str) -> Zone:
    """Return the zone of that domain, on any account; raise NotFound if there is none."""
    found = zones.get_by_name(parse_domain(domain))
    if found is None:
        raise NotFound(f"there is no zone {domain}")
    return found


def _pages(scope: Scope) -> Iterator[list[Zone]]:
    number = 1
    while found := zones.find(scope, Page(number, PAGE))[0]:
        yield found
        number += 1
