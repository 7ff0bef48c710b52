"""Preparation of a host: create keys, store and catalog where they are missing, and migrate the store. Idempotent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    """Create what is missing and migrate the store; yield a description of each thing that was created.

    Raise StoreError, and leave it as it is, if the store is damaged, or missing although it was created before. API and
    deployer of the former release may run meanwhile.
    """
    deployer = settings.deployer
    for folder in (deployer.control_key.parent, settings.store.path.parent, deployer.zone_directory):
        if not folder.is_dir():
            raise SettingsError(f"the folder {folder} is missing: create it with systemd-tmpfiles --create")
    yield from _keys(settings, owners)
    yield from _store(settings)
    if create_catalog(deployer.zone_directory, dns.name.from_text(settings.dns.catalog), owners.named):
        yield f"the catalog {settings.dns.catalog} in {catalog_file(deployer.zone_directory)}"


def key_files(settings: Settings) -> Mapping[str, Path]:
    """Return the files of the keys, by name."""
    deployer = settings.deployer
    return {"control": deployer.control_key, "transfer": deployer.transfer_key, "update": deployer.update_key}


def _keys(settings: Settings, owners: Owners) -> Iterator[str]:
    for name, file in key_files(settings).items():
        if create_key(file, name, KEY_MODE, owners.keys):
            yield f"the key {file}"


def _store(settings: Settings) -> Iterator[str]:
    file = settings.store.path
    exists = file.exists() and file.stat().st_size > 0
    missing = snapshot.unapplied_migrations(file) if exists else []
    if missing:
        yield f"a copy of the store before the migration, {_copy_before(file, missing[0])}"
    Store(file, busy_timeout=settings.store.busy_timeout).create_or_migrate()
    if not exists:
        yield f"the store {file}"
    for migration in missing:
        yield f"the migration {migration} of the store"


def _copy_before(file: Path, migration: str) -> Path:
    """Copy the store to a verified file beside it, named for the next migration."""
    target = file.with_name(f"{file.name}.before-{migration}")
    with snapshot.temporary_file_beside(target) as copy:
        snapshot.copy_store(file, copy)
        copy.replace(target)
    return target
