"""`backup` and `restore`: the store as one file, out and back in."""

from __future__ import annotations

import json
from pathlib import Path

import click

from appliance.cli.options import json_option, now, settings_options, store_options
from appliance.cli.screen import progress
from appliance.recovery.backup import back_up, back_up_into
from appliance.recovery.restore import Restored
from appliance.recovery.restore import restore as restore_store
from appliance.settings import Settings, StoreSettings


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE when it is there.")
@click.option("--keep", type=click.IntRange(1), help="In a folder: the newest so many stay.")
@json_option
@settings_options
def backup(settings: Settings, file: Path, force: bool, keep: int | None, as_json: bool) -> None:
    """Copy the store into FILE while the appliance works.

    FILE is one SQLite file, checked before it gets its name, readable by its owner alone. Settings and keys are not
    in it, of tokens and passwords only their hashes. In place of FILE a folder: the file in it is named for the moment.

    \b
    Example: dns-appliance backup /var/backups/dns-appliance --keep 14
    """
    if keep and not file.is_dir():
        raise click.UsageError("--keep goes with a folder in place of FILE")
    with progress("Copying") as told:
        if file.is_dir():
            made = back_up_into(settings.store.path, file, now(), keep, told)
        else:
            made = back_up(settings.store.path, file, overwrite=force, progress=told)
    row = {"file": str(made.file), "octets": made.size}
    click.echo(json.dumps(row) if as_json else f"{made.file} holds the whole store, {made.size // 1024} KiB")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@json_option
@store_options
def restore(store: StoreSettings, file: Path, as_json: bool) -> None:
    """Put the backup FILE in the place of the store, while neither API nor deployer runs.

    The store that it replaces is kept beside it. No serial goes down; what was revoked since stays revoked.

    \b
    Example: dns-appliance restore /var/backups/dns-2031-05-04.sqlite3
    """
    with progress("Copying") as told:
        done = restore_store(file, store.path, now, told)
    if as_json:
        click.echo(json.dumps(_row(done), indent=2))
    else:
        _tell(done)


def _row(done: Restored) -> dict[str, object]:
    taken = done.taken
    return {
        "zones": taken.zones,
        "lifted": taken.lifted,
        "revived": taken.revived,
        "unknown": taken.unknown,
        "kept": str(done.kept) if done.kept else None,
        "unread": done.unread,
    }


def _tell(done: Restored) -> None:
    taken = done.taken
    click.echo(f"{taken.zones} zones restored, the serials of {len(taken.lifted)} lifted")
    if done.kept:
        click.echo(f"the store that was here is {done.kept}")
    if done.unread:
        click.echo(f"it told nothing of the time since the backup: {done.unread}", err=True)
    for domain in taken.revived:
        click.echo(f"zone {domain} was deleted since the backup, and lives again", err=True)
    for domain in taken.unknown:
        click.echo(f"zone {domain} is not in the backup: nameservers that have it go on serving it", err=True)
    click.echo("start API and deployer; then `dns-appliance status --watch` shows when all is live")
