"""`zone list`, `show`, `create`, `delete`, `undelete`, `protect`: zones, through the API."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from appliance.cli.output import confirm, json_option, print_json, print_rows, yes_option
from appliance.cli.records import table_rows
from appliance.cli.remote import account_filter_options, api_options, owner_options
from appliance.cli.waiting import Wait, wait_options
from appliance.client import ApiClient
from appliance.errors import CallRefused

Zone = Mapping[str, Any]


@click.command()
@click.option("--search", help="Only zones with this text in domain or comment.")
@click.option("--deleted", is_flag=True, help="Zones that were deleted less than 30 days ago instead.")
@json_option
@account_filter_options
def list_zones(api: ApiClient, search: str | None, deleted: bool, as_json: bool) -> None:
    """List zones, ordered by name."""
    query = ({"search": search} if search else {}) | ({"deleted": "true"} if deleted else {})
    found = list(api.pages("/dns-zones/", query))
    print_rows(found if as_json else list(map(_row, found)), as_json=as_json)


@click.command()
@click.argument("domain")
@json_option
@api_options
def show_zone(api: ApiClient, domain: str, as_json: bool) -> None:
    """Show a zone and its records."""
    zone = api.get_zone(domain)
    if as_json:
        print_json(zone)
        return
    print_rows([_row(zone)], as_json=False)
    click.echo()
    print_rows(table_rows(zone["records"]), as_json=False)


@click.command()
@click.argument("domain")
@click.option(
    "--default-ttl", type=click.IntRange(0, 2147483647), help="TTL of records created without one, in seconds."
)
@click.option("--comment", help="Comment of the zone.")
@click.option("--protected", is_flag=True, default=None, help="Protect it from being deleted.")
@click.option("--dnssec", is_flag=True, default=None, help="Sign it from its first serial on.")
@click.option("--serial", type=int, help="The last serial that other servers gave it: the first one here is later.")
@click.option("--take-records", is_flag=True, default=None, help="Move records at and below it from the zone above.")
@wait_options
@json_option
@owner_options
def create_zone(api: ApiClient, domain: str, wait: Wait, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Create a zone. On the appliance's host public suffixes are allowed too."""
    body = {"domain": domain} | {name: value for name, value in options.items() if value is not None}
    response = api.call("POST", "/dns-zones/", body, headers=wait.headers(api))
    zone = response.document
    if as_json:
        print_json(zone)
    else:
        click.echo(f"zone {zone.get('domain', domain)} created with serial {response.headers['X-Zone-Serial']}")
    wait.report(api, domain, response)


@click.command()
@click.argument("domain")
@click.option("--version", type=int, help="As it was in the version of this serial.")
@click.option("--at", help="As it was at this time, such as 2031-05-04T12:00:00Z.")
@api_options
def export_zone(api: ApiClient, domain: str, version: int | None, at: str | None) -> None:
    """Print the zone file, as it is or will be published, or as it was."""
    query = {"version": None if version is None else str(version), "at": at}
    given = {name: value for name, value in query.items() if value is not None}
    click.echo(api.call_zone("GET", domain, "zonefile/", query=given).body, nl=False)


@click.command()
@click.argument("domain")
@click.option("--ds-withdrawn", is_flag=True, help="The parent has no DS of the signed zone any longer.")
@yes_option
@wait_options
@api_options
def delete_zone(api: ApiClient, domain: str, ds_withdrawn: bool, yes: bool, wait: Wait) -> None:
    """Delete a zone and its records.

    On a terminal it prompts for the domain. A signed zone is deleted once its DS is gone from the parent.
    """
    if sys.stdin.isatty() and not yes:
        domain = api.find_zone(domain)["domain"]
        confirm("deletes the zone and its records", domain, is_confirmed=yes)
    query = {"ds": "withdrawn"} if ds_withdrawn else {}
    try:
        response = api.call_zone("DELETE", domain, query=query, headers=wait.headers(api))
    except CallRefused as refused:
        detail = refused.detail.replace("ds=withdrawn", "--ds-withdrawn")
        raise CallRefused(refused.status, detail, refused.code, refused.field) from None
    wait.report_removal(api, domain, response)


@click.command()
@click.argument("domain")
@wait_options
@json_option
@api_options
def undelete_zone(api: ApiClient, domain: str, wait: Wait, as_json: bool) -> None:
    """Bring back a zone that was deleted less than 30 days ago; of several the one that was deleted last."""
    undelete(api, domain, wait, as_json=as_json)


def undelete(api: ApiClient, domain: str, wait: Wait, *, as_json: bool) -> None:
    """Bring back a deleted zone, and print it as JSON or say so."""
    response = api.call_zone("POST", domain, "restore/", headers=wait.headers(api))
    zone = response.document
    if as_json:
        print_json(zone)
    else:
        click.echo(f"zone {zone.get('domain', domain)} restored with serial {response.headers['X-Zone-Serial']}")
    wait.report(api, domain, response)


@click.command()
@click.argument("domain")
@click.option("--off", is_flag=True, help="Remove the protection.")
@api_options
def protect_zone(api: ApiClient, domain: str, off: bool) -> None:
    """Protect a zone from being deleted."""
    api.call_zone("PATCH", domain, body={"protected": not off})
    click.echo(f"zone {domain} {'is no longer' if off else 'is'} protected")


def _row(zone: Zone) -> dict[str, object]:
    deleted = {"deleted_at": zone["deleted_at"]} if "deleted_at" in zone else {}
    return {
        "domain": zone["domain"],
        "uuid": zone["uuid"],
        "records": zone["record_count"],
        "serial": zone["serial"],
        "state": "held" if zone["ownership"] else zone["deployment"]["state"],
        "updated_at": zone["updated_at"],
        **deleted,
    }
