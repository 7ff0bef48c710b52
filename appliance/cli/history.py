"""`zone history`, `diff`, `restore`, `undo`, `undelete`, `protect`: former states of zones, on the host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click

from appliance.cli.options import json_option, now, opened, print_json, print_moment, print_rows, settings_options
from appliance.cli.zones import acting_for, find_stored
from appliance.editing import RESERVATION, Diff, editor_from
from appliance.errors import NotFound
from appliance.principal import EVERYTHING, Principal
from appliance.settings import Settings
from appliance.store import accounts, versions, zones
from appliance.store.file.database import Store
from appliance.store.versions import ZoneVersion
from appliance.store.zones import Page
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, print_domain, print_owner

dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would change, and store nothing.")


@click.command("history")
@click.argument("domain")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Page of 100 versions.")
@json_option
@settings_options
def list_versions(settings: Settings, domain: str, page: int, as_json: bool) -> None:
    """List the versions of a zone, newest first."""
    with opened(settings):
        found, _ = versions.find(find_stored(domain), Page(page))
    if as_json:
        from appliance.api.history_schemas import ZoneVersion as Schema  # noqa: PLC0415 - others start sooner without

        print_json(Schema(many=True).dump(found))
    else:
        print_rows([_row(one) for one in found], as_json=False)


@click.command("diff")
@click.argument("domain")
@click.argument("serial", type=int)
@click.option("--from", "from_serial", type=int, help="Compare with this version instead of the one before.")
@json_option
@settings_options
def show_diff(settings: Settings, domain: str, serial: int, from_serial: int | None, as_json: bool) -> None:
    """Show what a version of a zone changed."""
    with opened(settings) as store, store.reading():
        zone = find_stored(domain)
        version = versions.get(zone, serial)
        if from_serial is None:
            changes, change_id = versions.changes_of(zone, version), version.change_id
        else:
            changes, change_id = versions.changes_between(zone, versions.get(zone, from_serial), version), None
    _show(Diff(zone, replace(zone, serial=serial), changes, change_id), as_json=as_json)


@click.command("restore")
@click.argument("domain")
@click.argument("serial", type=int, required=False)
@dry_run_option
@json_option
@settings_options
def restore(settings: Settings, domain: str, serial: int | None, dry_run: bool, as_json: bool) -> None:
    """Restore a version of a zone, or without SERIAL a deleted zone."""
    with opened(settings) as store:
        if serial is None:
            if dry_run:
                raise click.UsageError("--dry-run needs a SERIAL")
            _undelete(settings, store, domain)
            return
        zone = find_stored(domain)
        diff = editor_from(settings, store, now).restore_version(_owner_of(zone), zone.uuid, serial, dry_run=dry_run)
    _show(diff, as_json=as_json)


@click.command("undo")
@click.argument("domain")
@click.argument("serial", type=int)
@dry_run_option
@json_option
@settings_options
def undo(settings: Settings, domain: str, serial: int, dry_run: bool, as_json: bool) -> None:
    """Undo what one version of a zone changed; later changes stay."""
    with opened(settings) as store:
        zone = find_stored(domain)
        diff = editor_from(settings, store, now).undo_version(_owner_of(zone), zone.uuid, serial, dry_run=dry_run)
    _show(diff, as_json=as_json)


@click.command("undelete")
@click.argument("domain")
@settings_options
def undelete(settings: Settings, domain: str) -> None:
    """Bring back a zone that was deleted less than 30 days ago; of several the one that was deleted last."""
    with opened(settings) as store:
        _undelete(settings, store, domain)


@click.command("protect")
@click.argument("domain")
@click.option("--off", is_flag=True, help="Remove the protection.")
@settings_options
def protect(settings: Settings, domain: str, off: bool) -> None:
    """Protect a zone from being deleted."""
    with opened(settings) as store:
        zone = find_stored(domain)
        editor_from(settings, store, now).change_zone(_owner_of(zone), zone.uuid, {"protected": not off})
    click.echo(f"zone {print_domain(zone.name)} {'is no longer' if off else 'is'} protected")


COMMANDS = (list_versions, show_diff, restore, undo, undelete, protect)
"""The commands of `zone`."""


def _undelete(settings: Settings, store: Store, domain: str) -> None:
    name = parse_domain(domain)
    found, _ = zones.find_deleted(EVERYTHING, now() - RESERVATION, Page(1, 1), name=name)
    if not found:
        raise NotFound(f"no zone {domain} was deleted less than {RESERVATION.days} days ago")
    restored = editor_from(settings, store, now).undelete_zone(_owner_of(found[0]), found[0].uuid)
    click.echo(f"zone {print_domain(name)} restored with serial {restored.serial}")


def _owner_of(zone: Zone) -> Principal:
    return acting_for(accounts.get_account(zone.account))


def _row(one: ZoneVersion) -> dict[str, object]:
    return {
        "serial": one.serial,
        "created_at": print_moment(one.created_at),
        "actor": one.actor,
        "added": one.added,
        "changed": one.changed,
        "removed": one.removed,
        "restorable": one.restorable,
        "comment": one.comment,
    }


def _show(diff: Diff, *, as_json: bool) -> None:
    """Print the diff: removed and added records as lines, in red and green on a terminal."""
    if as_json:
        from appliance.api import change_schemas, presentation  # noqa: PLC0415 - the other commands start sooner without

        print_json(change_schemas.Diff().dump(presentation.diff_of(diff)))
        return
    for line, colour in _lines(diff):
        click.secho(line, fg=colour)
    click.echo(f"serial {diff.after.serial}" + ("" if diff.applied else ", not stored"), err=True)


def _lines(diff: Diff) -> Iterator[tuple[str, str]]:
    for record in diff.removed:
        yield f"- {_text(record, diff.after)}", "red"
    for before, after in diff.changed:
        yield f"- {_text(before, diff.after)}", "red"
        yield f"+ {_text(after, diff.after)}", "green"
    for record in diff.added:
        yield f"+ {_text(record, diff.after)}", "green"


def _text(record: Record, zone: Zone) -> str:
    priority = "" if record.priority is None else f"{record.priority} "
    return f"{print_owner(record.owner, zone.name)} {record.ttl} {record.rdtype.name} {priority}{record.value}"
