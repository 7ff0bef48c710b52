"""Restore: replace the store by a backup, and keep the replaced store beside it under another name.

The DNSSEC keys of the backup follow once the store is in its place; a restore that ended between is repeated.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from dns.name import Name

from appliance.errors import StoreError
from appliance.files import copy_permissions
from appliance.processes import exclusive_lock
from appliance.recovery.signing_keys import (
    HostKeys,
    lacking_keys,
    move_keys,
    require_writable,
    write_keys,
    zones_with_keys,
)
from appliance.recovery.takeover import TakeoverResult, take_over
from appliance.store import restoration
from appliance.store.backup_keys import remove_files, signed_zones_of
from appliance.store.file import snapshot
from appliance.store.file.database import Store
from appliance.store.file.snapshot import Progress
from appliance.store.restoration import ReplacedStore


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The result of a restore.

    `kept`: the file of the replaced store, None if there was none. `unread`: why that could not be read. `with_keys`:
    the number of zones whose key files were written; `without_keys`: signed zones that lack the files of a key.
    """

    takeover: TakeoverResult
    kept: Path | None
    unread: str | None
    with_keys: int = 0
    without_keys: Sequence[Name] = ()


def restore(
    file: Path,
    store: Path,
    keys: HostKeys,
    clock: Callable[[], datetime],
    progress: Progress = lambda _done, _total: None,
) -> RestoreResult:
    """Replace the store by the backup `file`; raise AlreadyRunning if an API or a deployer is running.

    The store is not changed before the copy is verified and migrated. No serial decreases. Then the key files of the
    backup are written that this host lacks.
    """
    require_writable(file, keys)
    with snapshot.translating_errors(store):
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _exclusive_use(store), snapshot.temporary_file_beside(store) as copy:
        snapshot.copy_store(file, copy, progress, remove_files)
        replaced, unread = _read_replaced(store)
        takeover = _migrate(copy, replaced, clock(), zones_with_keys(keys))
        signed = signed_zones_of(copy)
        move_keys(takeover.keys_of, keys)  # a repeated restore no longer knows from where if the store is replaced
        with snapshot.translating_errors(store):
            copy_permissions(copy, store if store.exists() else store.parent)
            kept = _keep(store, clock())
            copy.replace(store)
            snapshot.flush(store.parent)
        with_keys = write_keys(file, keys, signed)
    return RestoreResult(takeover, kept, unread, with_keys, lacking_keys(signed, keys))


@dataclass(frozen=True, slots=True)
class KeysResult:
    """The number of zones whose key files were written, and the signed zones that lack the files of a key."""

    with_keys: int
    without_keys: Sequence[Name]


def restore_keys(file: Path, store: Path, keys: HostKeys) -> KeysResult:
    """Write the key files of the backup `file` that this host lacks; the store stays as it is, and may be in use."""
    require_writable(file, keys)
    signed = signed_zones_of(store)
    with_keys = write_keys(file, keys, signed)
    return KeysResult(with_keys, lacking_keys(signed, keys))


@contextmanager
def _exclusive_use(store: Path) -> Iterator[None]:
    """Hold the lock files of the API and the deployer."""
    with exclusive_lock(store.with_name(snapshot.API_LOCK)), exclusive_lock(store.with_name(snapshot.DEPLOYER_LOCK)):
        yield


def _read_replaced(store: Path) -> tuple[ReplacedStore | None, str | None]:
    if not store.exists():
        return None, None
    try:
        return restoration.read_replaced(store), None
    except StoreError as unreadable:
        return None, str(unreadable)


def _migrate(copy: Path, replaced: ReplacedStore | None, now: datetime, with_keys: Collection[UUID]) -> TakeoverResult:
    """Migrate the copy and take over what the replaced store knows; leave it as one verified file."""
    store = Store(copy)
    store.create_or_migrate()
    with store.connection(), store.writing():
        takeover = take_over(replaced, now, with_keys)
    snapshot.merge_log(copy)
    snapshot.verify(copy)
    snapshot.flush(copy)
    return takeover


def _keep(store: Path, now: datetime) -> Path | None:
    """Link the replaced store to another name, and move its companions there: its log must not meet the copy."""
    kept = store.with_name(f"{store.name}.before-restore-{now:%Y%m%dT%H%M%S.%fZ}")
    exists = os.path.lexists(store)
    if exists:
        os.link(store, kept, follow_symlinks=False)
    for old, new in zip(snapshot.companions(store), snapshot.companions(kept), strict=True):
        if old.exists():
            old.replace(new)
    return kept if exists else None
