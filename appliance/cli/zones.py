"""`zone`: manage zones of all accounts on the host, without the API."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator, Mapping

import click

from appliance.cli.options import (
    confirm,
    json_option,
    now,
    opened,
    print_json,
    print_moment,
    print_rows,
    settings_options,
    yes_option,
)
from appliance.cli.screen import progress
from appliance.compiler import compile_zone
from appliance.editing import editor_from
from appliance.errors import NotFound
from appliance.principal import Account, Principal, Scope
from appliance.render.zone_file import apex_of
from appliance.settings import Settings
from appliance.store import accounts, delegations, deployments, records, zones
from appliance.store.zones import Page
from appliance.zones.deployment import Deployment
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, print_domain, print_owner

PAGE = 1000


@click.group()
def zone() -> None:
    """Manage zones of all accounts."""


@zone.command("list")
@click.option("--account", "email", help="Only zones of the account with this email.")
@json_option
@settings_options
def list_zones(settings: Settings, email: str | None, as_json: bool) -> None:
    """List zones, ordered by name."""
    from appliance.api.presentation import dump_zone  # noqa: PLC0415 - the other commands start sooner without

    def show(one: Zone, state: Deployment) -> Mapping[str, object]:
        return dump_zone(one, state, now()) if as_json else _row(one, state)

    with opened(settings):
        rows = []
        for found in _pages(Scope(accounts.find_account(email).uuid if email else None)):
            states = deployments.of_zones(found, _server_names(settings))
            rows += [show(one, states[one.uuid]) for one in found]
    print_rows(rows, as_json=as_json)


@zone.command("show")
@click.argument("domain")
@json_option
@settings_options
def show_zone(settings: Settings, domain: str, as_json: bool) -> None:
    """Show a zone and its records."""
    from appliance.api.presentation import dump_record, dump_zone_detail  # noqa: PLC0415 - for the start of others

    with opened(settings):
        found = find_stored(domain)
        held = records.of_zone(found)
        state = deployments.of_zones([found], _server_names(settings))[found.uuid]
        delegated = delegations.of_zone(found)
    if as_json:
        shown = dump_zone_detail(found, state, delegated, now())
        print_json({**shown, "records": [dump_record(found, one) for one in held]})
    else:
        print_rows([_row(found, state)], as_json=False)
        click.echo()
        print_rows([_record(one, found) for one in held], as_json=False)


@zone.command("create")
@click.argument("domain")
@click.option("--account", "email", required=True, help="Email of the account that owns it.")
@click.option("--take-records", is_flag=True, help="Move records at and below the domain from the zone above.")
@json_option
@settings_options
def create_zone(settings: Settings, domain: str, email: str, take_records: bool, as_json: bool) -> None:
    """Create a zone; public suffixes are allowed too."""
    from appliance.api.presentation import dump_record, dump_zone_detail  # noqa: PLC0415 - others start sooner without

    with opened(settings) as store:
        principal = acting_for(accounts.find_account(email))
        created = editor_from(settings, store, now).create_zone(principal, domain, take_records=take_records)
        state = deployments.of_zones([created], _server_names(settings))[created.uuid]
        delegated, taken = delegations.of_zone(created), records.of_zone(created)
    if as_json:
        shown = [dump_record(created, record) for record in taken]
        print_json({**dump_zone_detail(created, state, delegated, now()), "records": shown})
    else:
        click.echo(f"zone {print_domain(created.name)} created with serial {created.serial}")


@zone.command("delete")
@click.argument("domain")
@yes_option
@settings_options
def delete_zone(settings: Settings, domain: str, yes: bool) -> None:
    """Delete a zone and its records.

    On a terminal it prompts for the domain.
    """
    with opened(settings) as store:
        found = find_stored(domain)
        confirm("deletes the zone and its records", print_domain(found.name), is_confirmed=yes)
        principal = acting_for(accounts.get_account(found.account))
        editor_from(settings, store, now).delete_zone(principal, found.uuid)
    click.echo(f"zone {print_domain(found.name)} deleted")


@zone.command("release")
@click.argument("domain")
@settings_options
def release_zone(settings: Settings, domain: str) -> None:
    """Publish a zone that is held until its ownership is proven."""
    with opened(settings) as store:
        found = find_stored(domain)
        editor_from(settings, store, now).release_zone(acting_for(accounts.get_account(found.account)), found.uuid)
    click.echo(f"zone {print_domain(found.name)} released")


@zone.command("export")
@click.argument("domain")
@settings_options
def export_zone(settings: Settings, domain: str) -> None:
    """Print the zone file as it is published."""
    with opened(settings) as store, store.reading():
        found = find_stored(domain)
        content = compile_zone(found, apex_of(settings.dns)).content
    click.echo(content.decode(), nl=False)


@zone.command("check")
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


def _pages(scope: Scope) -> Iterator[list[Zone]]:
    number = 1
    while found := zones.find(scope, Page(number, PAGE))[0]:
        yield found
        number += 1


def find_stored(domain: str) -> Zone:
    """Return the zone of that domain, on any account; raise NotFound if there is none."""
    found = zones.get_by_name(parse_domain(domain))
    if found is None:
        raise NotFound(f"there is no zone {domain}")
    return found


def acting_for(account: Account) -> Principal:
    """Return the principal of a command on this host that writes for the account."""
    return Principal.local(f"command line, {getpass.getuser()}", account)


def _server_names(settings: Settings) -> list[str]:
    return [server.name for server in settings.dns.nameservers]


def _row(one: Zone, state: Deployment) -> dict[str, object]:
    return {
        "domain": print_domain(one.name),
        "uuid": str(one.uuid),
        "records": one.record_count,
        "serial": one.serial,
        "state": state.state.value,
        "updated_at": print_moment(one.updated_at),
    }


def _record(one: Record, within: Zone) -> dict[str, object]:
    return {
        "name": print_owner(one.owner, within.name),
        "ttl": one.ttl,
        "record_type": one.rdtype.name,
        "priority": one.priority,
        "value": one.value,
        "uuid": str(one.uuid),
    }
