"""A restore: a backup takes the place of the store, which stays beside it under another name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.errors import StoreError
from appliance.files import copy_permissions
from appliance.processes import exclusive_lock
from appliance.recovery.takeover import Taken, take_over
from appliance.store import restoration
from appliance.store.file import snapshot
from appliance.store.file.database import Store
from appliance.store.file.snapshot import Progress
from appliance.store.restoration import Past


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. `kept`: the replaced store, None when there was none; `unread` says why it told nothing."""

    taken: Taken
    kept: Path | None
    unread: str | None


def restore(
    file: Path, store: Path, clock: Callable[[], datetime], progress: Progress = lambda _done, _all: None
) -> Restored:
    """Put the backup `file` in the place of the store; AlreadyRunning while an API or a deployer works on it.

    Nothing is touched before the copy is found sound and was brought to the newest tables. No serial goes down.
    """
    with snapshot.told(store):
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(store), snapshot.draft_beside(store) as draft:
        snapshot.copy_whole(file, draft, progress)
        past, unread = _read_past(store)
        taken = _bring_up(draft, past, clock())
        with snapshot.told(store):
            copy_permissions(draft, store if store.exists() else store.parent)
            kept = _keep(store, clock())
            draft.replace(store)
            snapshot.flush(store.parent)
    return Restored(taken, kept, unread)


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Hold what an API and a deployer hold while they work."""
    with exclusive_lock(store.with_name(snapshot.API_LOCK)), exclusive_lock(store.with_name(snapshot.DEPLOYER_LOCK)):
        yield


def _read_past(store: Path) -> tuple[Past | None, str | None]:
    if not store.exists():
        return None, None
    try:
        return restoration.read_past(store), None
    except StoreError as unreadable:
        return None, str(unreadable)


def _bring_up(draft: Path, past: Past | None, now: datetime) -> Taken:
    """The copy at the newest tables and with what the replaced store knew, closed again as one file."""
    copy = Store(draft)
    copy.create_or_migrate()
    with copy.connection(), copy.writing():
        taken = take_over(past, now)
    snapshot.fold(draft)
    snapshot.verify(draft)
    snapshot.flush(draft)
    return taken


def _keep(store: Path, now: datetime) -> Path | None:
    """Give the replaced store another name too, and all that SQLite keeps beside it: a log must not meet a new file."""
    kept = store.with_name(f"{store.name}.before-restore-{now:%Y%m%dT%H%M%S.%fZ}")
    there = os.path.lexists(store)
    if there:
        os.link(store, kept, follow_symlinks=False)
    for old, new in zip(snapshot.companions(store), snapshot.companions(kept), strict=True):
        if old.exists():
            old.replace(new)
    return kept if there else None
