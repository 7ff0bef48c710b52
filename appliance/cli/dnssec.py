"""`zone dnssec`: DNSSEC of a zone, through the API: its state, and what changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from appliance.cli.output import json_option, print_json
from appliance.cli.remote import api_options
from appliance.client import ApiClient
from appliance.errors import CallRefused

Document = Mapping[str, Any]
MAX_TAG = 65_535
FORBIDDEN = 403


@click.command()
@click.argument("domain")
@click.option("--on", is_flag=True, help="Sign the zone.")
@click.option("--off", is_flag=True, help="Turn DNSSEC off: the zone stays signed until its DS is gone.")
@click.option(
    "--confirm",
    "report",
    type=click.Choice(("published", "withdrawn")),
    help="Report that the parent zone has the DS, or has it no longer.",
)
@click.option("--key", "tag", type=click.IntRange(0, MAX_TAG), help="Key tag of the DS, with --confirm.")
@click.option("--roll", is_flag=True, help="Replace the key of a secured zone.")
@json_option
@api_options
def dnssec(
    api: ApiClient, domain: str, on: bool, off: bool, report: str | None, tag: int | None, roll: bool, as_json: bool
) -> None:
    """Show the state of a zone's DNSSEC, the DS for its parent zone and what comes next, or change it."""
    changes = sum(map(bool, (on, off, report, roll)))
    if changes > 1:
        raise click.UsageError("--on, --off, --confirm and --roll exclude each other")
    if tag is not None and not report:
        raise click.UsageError("--key belongs to --confirm")
    if on or off:
        api.call_zone("PATCH", domain, body={"dnssec": on})
    elif report:
        api.call_zone("POST", domain, "dnssec/confirm/", {"ds": report} | ({} if tag is None else {"key_tag": tag}))
    elif roll:
        api.call_zone("POST", domain, "dnssec/rollover/")
    try:
        shown = api.get_zone(domain, "dnssec/")
    except CallRefused as refused:
        if refused.status != FORBIDDEN or not changes:
            raise
        click.echo("stored; this token may not read the state", err=True)
        return
    if as_json:
        print_json(shown)
    else:
        for line in _lines(shown):
            click.echo(line)


def _lines(shown: Document) -> Iterator[str]:
    """Yield the state, what comes next and the problems, then the DS that belong at the parent, and what it has."""
    yield f"state: {shown['state']}" + (f" (since {shown['since']})" if shown["since"] else "")
    if step := shown["next"]:
        yield f"next: {step['what']}" + (f", at {step['at']}" if step["at"] else "")
    if parent := shown["parent"]:
        yield f"parent {parent['name'] or 'unknown'}: {_of_parent(shown)} (checked at {parent['checked_at']})"
    if shown["signatures_expire_at"]:
        yield f"signatures expire: {shown['signatures_expire_at']}"
    if shown["problems"]:
        yield f"problems: {', '.join(shown['problems'])}"
    for ds in shown["ds"]:
        if ds["publish"]:
            yield ds["record"]


def _of_parent(shown: Document) -> str:
    """Return what the parent has, as far as the zone needs it."""
    parent = shown["parent"]
    if parent["problem"]:
        return str(parent["problem"])
    if shown["enabled"]:
        return "has a DS of this zone" if parent["agrees"] else "has no DS of this zone at every nameserver"
    return "has no DS" if parent["agrees"] else "has a DS"
