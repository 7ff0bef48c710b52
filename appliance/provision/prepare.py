"""A host made ready: keys, store and catalog, each made when it is missing. Done again, it makes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dns.name

from appliance.errors import SettingsError
from appliance.provision.bootstrap import catalog_file, create_catalog, create_key
from appliance.provision.users import Owners
from appliance.settings import Settings
from appliance.store.file import snapshot
from appliance.store.file.database import Store

KEY_MODE = 0o640


def prepare_host(settings: Settings, owners: Owners) -> Iterator[str]:
    """Make what is missing, and bring the store to the newest tables; what was made, one text each.

    A store that is damaged, or that was there and is missing, is a StoreError and stays as it is. API and deployer of
    the former release may go on meanwhile.
    """
    deployer = settings.deployer
    for folder in (deployer.control_key.parent, settings.store.path.parent, deployer.zone_directory):
        if not folder.is_dir():
            raise SettingsError(f"the folder {folder} is missing: make it by systemd-tmpfiles --create")
    yield from _keys(settings, owners)
    yield from _store(settings)
    if create_catalog(deployer.zone_directory, dns.name.from_text(settings.dns.catalog), owners.named):
        yield f"the catalog {settings.dns.catalog} in {catalog_file(deployer.zone_directory)}"


def _keys(settings: Settings, owners: Owners) -> Iterator[str]:
    deployer = settings.deployer
    for name, file in (
        ("control", deployer.control_key),
        ("transfer", deployer.transfer_key),
        ("update", deployer.update_key),
    ):
        if create_key(file, name, KEY_MODE, owners.keys):
            yield f"the key {file}"


def _store(settings: Settings) -> Iterator[str]:
    file = settings.store.path
    is_there = file.exists() and file.stat().st_size > 0
    missing = snapshot.unapplied_migrations(file) if is_there else []
    if missing:
        yield f"a copy of the store as it was, {_put_aside(file, missing[0])}"
    Store(file, busy_timeout=settings.store.busy_timeout).create_or_migrate()
    if not is_there:
        yield f"the store {file}"
    for migration in missing:
        yield f"the migration {migration} of the store"


def _put_aside(file: Path, migration: str) -> Path:
    """Copy the store, found sound, to a file beside it that is named for the migration to come."""
    aside = file.with_name(f"{file.name}.before-{migration}")
    with snapshot.draft_beside(aside) as draft:
        snapshot.copy_whole(file, draft)
        draft.replace(aside)
    return aside
