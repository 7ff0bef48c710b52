"""`backup` and `restore`: copy the store to a file and back."""

from __future__ import annotations

import json
from pathlib import Path

import click

from appliance.cli.options import now, settings_options, store_options
from appliance.cli.output import json_option
from appliance.cli.screen import progress
from appliance.recovery.backup import back_up, back_up_into
from appliance.recovery.restore import RestoreResult
from appliance.recovery.restore import restore as restore_store
from appliance.settings import Settings, StoreSettings


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@click.option("--keep", type=click.IntRange(1), help="With a folder: keep the newest N backups, remove older ones.")
@json_option
@settings_options
def backup(settings: Settings, file: Path, force: bool, keep: int | None, as_json: bool) -> None:
    """Back up the database to FILE, also while in use.

    FILE is one SQLite file, verified before it gets its name, readable by its owner only. Keep it closed: of tokens and
    passwords it contains hashes, but the secrets of second factors and of the TSIG keys of tokens as they are. It does
    not contain settings and the keys of the nameservers. If FILE is a folder, the backup in it is named after the time.

    \b
    Example: dns-appliance backup /var/backups/dns-appliance --keep 14
    """
    if keep and not file.is_dir():
        raise click.UsageError("--keep requires a folder as FILE")
    with progress("Copying") as report:
        if file.is_dir():
            backed_up = back_up_into(settings.store.path, file, now(), keep, report)
        else:
            backed_up = back_up(settings.store.path, file, overwrite=force, progress=report)
    row = {"file": str(backed_up.file), "octets": backed_up.size}
    click.echo(json.dumps(row) if as_json else f"backup {backed_up.file} written, {backed_up.size // 1024} KiB")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@json_option
@store_options
def restore(store: StoreSettings, file: Path, as_json: bool) -> None:
    """Replace the database with the backup FILE.

    Stop API and deployer first. The replaced database is kept beside it. No serial decreases; what was revoked since
    the backup stays revoked.

    \b
    Example: dns-appliance restore /var/backups/dns-2031-05-04.sqlite3
    """
    with progress("Copying") as report:
        done = restore_store(file, store.path, now, report)
    if as_json:
        click.echo(json.dumps(_row(done), indent=2))
    else:
        _print(done)


def _row(done: RestoreResult) -> dict[str, object]:
    takeover = done.takeover
    return {
        "zones": takeover.zones,
        "raised": takeover.raised,
        "restored": takeover.restored,
        "not_in_backup": takeover.not_in_backup,
        "kept": str(done.kept) if done.kept else None,
        "unread": done.unread,
    }


def _print(done: RestoreResult) -> None:
    takeover = done.takeover
    click.echo(f"{takeover.zones} zones restored, serial raised for {len(takeover.raised)} of them")
    if done.kept:
        click.echo(f"the replaced database is kept as {done.kept}")
    if done.unread:
        click.echo(f"changes since the backup could not be read from the replaced database: {done.unread}", err=True)
    for domain in takeover.restored:
        click.echo(f"zone {domain} was deleted since the backup and is restored", err=True)
    for domain in takeover.not_in_backup:
        click.echo(f"zone {domain} is not in the backup; nameservers that have it keep serving it", err=True)
    services = "API, deployer, and the listener for DNS UPDATE if there is one"
    click.echo(f"start {services}; `dns-appliance status --watch` shows when all zones are live")
