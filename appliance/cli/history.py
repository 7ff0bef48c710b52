"""`zone history`, `diff`, `restore`, `undo`: former states of zones, through the API."""

from __future__ import annotations

from urllib.parse import quote

import click

from appliance.cli.diffs import Document, describe_serial, has_changes, print_diff
from appliance.cli.output import json_option, print_rows
from appliance.cli.remote import api_options
from appliance.cli.waiting import Wait, wait_options
from appliance.cli.zones import undelete
from appliance.client import ApiClient, ApiResponse

dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would change, and store nothing.")
COLUMNS = ("serial", "created_at", "actor", "added", "changed", "removed", "restorable", "comment")


@click.command()
@click.argument("domain")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Page of 100 versions.")
@json_option
@api_options
def list_versions(api: ApiClient, domain: str, page: int, as_json: bool) -> None:
    """List the versions of a zone, newest first."""
    found = api.get_zone(domain, "versions/", {"page": str(page)})
    print_rows(found if as_json else [{name: one[name] for name in COLUMNS} for one in found], as_json=as_json)


@click.command()
@click.argument("domain")
@click.argument("serial", type=int)
@click.option("--from", "from_serial", type=int, help="Compare with this version instead of the one before.")
@json_option
@api_options
def show_diff(api: ApiClient, domain: str, serial: int, from_serial: int | None, as_json: bool) -> None:
    """Show what a version of a zone changed."""
    query = {} if from_serial is None else {"from": str(from_serial)}
    diff = api.get_zone(domain, f"versions/{serial}/", query)
    print_diff(diff, as_json=as_json)
    if not as_json:
        click.echo(f"serial {serial}", err=True)


@click.command()
@click.argument("domain")
@click.argument("serial", type=int, required=False)
@dry_run_option
@wait_options
@json_option
@api_options
def restore(api: ApiClient, domain: str, serial: int | None, dry_run: bool, wait: Wait, as_json: bool) -> None:
    """Restore a version of a zone, or without SERIAL a deleted zone."""
    if serial is not None:
        _rewrite(api, domain, f"versions/{serial}/restore/", wait, dry_run=dry_run, as_json=as_json)
    elif dry_run:
        raise click.UsageError("--dry-run needs a SERIAL")
    else:
        undelete(api, domain, wait, as_json=as_json)


@click.command()
@click.argument("domain")
@click.argument("serial", type=int)
@dry_run_option
@wait_options
@json_option
@api_options
def undo(api: ApiClient, domain: str, serial: int, dry_run: bool, wait: Wait, as_json: bool) -> None:
    """Undo what one version of a zone changed; later changes stay."""
    _rewrite(api, domain, f"versions/{serial}/undo/", wait, dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("domain")
@click.argument("change_id")
@api_options
def confirm_change(api: ApiClient, domain: str, change_id: str) -> None:
    """Confirm a change that was stored with --confirm-within, so that it is not reverted."""
    api.call_zone("POST", domain, f"changes/{quote(change_id, safe='')}/confirm/")
    click.echo(f"change {change_id} of {domain} confirmed")


def finish(api: ApiClient, domain: str, response: ApiResponse, wait: Wait, *, as_json: bool) -> None:
    """Print the diff with which a write was answered, and wait until it is live, if it changed anything."""
    diff: Document = response.document
    print_diff(diff, as_json=as_json)
    if diff["applied"] and has_changes(diff):
        wait.report(api, domain, response)
    else:
        click.echo(describe_serial(diff), err=True)


def _rewrite(api: ApiClient, domain: str, below: str, wait: Wait, *, dry_run: bool, as_json: bool) -> None:
    query, headers = ({"dry_run": "true"}, {}) if dry_run else ({}, wait.headers(api))
    response = api.call_zone("POST", domain, below, query=query, headers=headers)
    finish(api, domain, response, wait, as_json=as_json)
