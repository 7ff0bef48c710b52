"""`backup` and `restore`: copy the store to a file and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from appliance.cli.options import now, restore_options, settings_options
from appliance.cli.output import json_option
from appliance.cli.screen import progress
from appliance.embedded.state import unprivileged_owner
from appliance.files import Owner
from appliance.imports.source import counted
from appliance.provision.users import user_of_named
from appliance.recovery.backup import Backup, back_up, back_up_into
from appliance.recovery.restore import KeysResult, RestoreResult, restore_keys
from appliance.recovery.restore import restore as restore_store
from appliance.recovery.signing_keys import HostKeys
from appliance.settings import Settings
from appliance.zones.names import print_domain


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@click.option("--keep", type=click.IntRange(1), help="With a folder: keep the newest N backups, remove older ones.")
@json_option
@settings_options
def backup(settings: Settings, file: Path, force: bool, keep: int | None, as_json: bool) -> None:
    """Back up the database to FILE, also while in use.

    FILE is one SQLite file, verified before it gets its name, readable by its owner only. Keep it secret: it contains
    the private DNSSEC keys of zones, the secrets of second factors and of the TSIG keys of tokens, and the hashes of
    passwords and tokens. It does not contain settings and the keys of the nameservers. If FILE is a folder, the backup
    in it is named after the time.

    \b
    Example: dns-appliance backup /var/backups/dns-appliance --keep 14
    """
    if keep and not file.is_dir():
        raise click.UsageError("--keep requires a folder as FILE")
    keys = _keys_of(settings)
    with progress("Copying") as report:
        if file.is_dir():
            backed_up = back_up_into(settings.store.path, file, keys, now(), keep, report)
        else:
            backed_up = back_up(settings.store.path, file, keys, now(), overwrite=force, progress=report)
    _print_backup(backed_up, as_json=as_json)


def _print_backup(backup: Backup, *, as_json: bool) -> None:
    without = [print_domain(name) for name in backup.without_keys]
    if as_json:
        damaged = [str(file) for file in backup.damaged]
        row = {"file": str(backup.file), "octets": backup.size, "without_keys": without, "damaged": damaged}
        click.echo(json.dumps(row))
    else:
        click.echo(f"backup {backup.file} written, {backup.size // 1024} KiB")
    for domain in without:
        click.echo(f"the backup lacks DNSSEC keys of {domain}: the files of a key are missing on this host", err=True)
    for file in backup.damaged:
        click.echo(
            f"the backup lacks {file}, which is empty or cut: restore it from an earlier one, --keys-only", err=True
        )
    if backup.unmarked:
        click.echo(f"the database does not show that its keys are in this backup: {backup.unmarked}", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--keys-only", is_flag=True, help="Write the DNSSEC keys alone; the database stays as it is.")
@json_option
@restore_options
def restore(settings: Settings, state: Path | None, file: Path, keys_only: bool, as_json: bool) -> None:
    """Replace the database with the backup FILE, and write the DNSSEC keys that this host lacks.

    Stop API, deployer and the listener for DNS UPDATE first; not with --keys-only. The replaced database is kept beside
    it. No serial decreases; what was revoked since the backup stays revoked, and a zone that was signed since stays
    signed.

    \b
    Example: dns-appliance restore /var/backups/dns-2031-05-04.sqlite3
    """
    if keys_only:
        _print_keys(restore_keys(file, settings.store.path, _keys_of(settings, state)), as_json=as_json)
        return
    with progress("Copying") as report:
        done = restore_store(file, settings.store.path, _keys_of(settings, state), now, report)
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
        "kept_signed": takeover.kept_signed,
        "kept": str(done.kept) if done.kept else None,
        "unread": done.unread,
        **_row_of_keys(done),
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
    for domain in takeover.kept_signed:
        click.echo(f"zone {domain} is not signed in the backup, and stays signed: resolvers may have its DS", err=True)
    for line, is_error in _lines_of_keys(done):
        click.echo(line, err=is_error)
    services = "API, deployer, and the listener for DNS UPDATE if there is one"
    click.echo(f"start {services}; `dns-appliance status --watch` shows when all zones are live")


def _print_keys(done: KeysResult, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_row_of_keys(done), indent=2))
        return
    if not done.with_keys:
        click.echo("this host has every DNSSEC key of the backup")
    for line, is_error in _lines_of_keys(done):
        click.echo(line, err=is_error)


def _row_of_keys(done: RestoreResult | KeysResult) -> dict[str, object]:
    return {"with_keys": done.with_keys, "without_keys": [print_domain(name) for name in done.without_keys]}


def _lines_of_keys(done: RestoreResult | KeysResult) -> Iterator[tuple[str, bool]]:
    """Yield lines, and whether each is of something wrong."""
    if done.with_keys:
        yield f"DNSSEC keys written for {counted(done.with_keys, 'zone')}", False
    for name in done.without_keys:
        line = (
            f"zone {print_domain(name)} lacks the files of a DNSSEC key: secondaries keep serving it, and no change of "
            "it is published until they are restored from another backup (docs/recovery.md)"
        )
        yield line, True


def _keys_of(settings: Settings, state: Path | None = None) -> HostKeys:
    """Return where the keys of signed zones are on this host, or in the state folder, which may be new."""
    zones = settings.deployer.zone_directory

    def named() -> Owner:
        return user_of_named(zones) if zones.is_dir() else unprivileged_owner()

    return HostKeys(zones, named, may_create=state is not None)
