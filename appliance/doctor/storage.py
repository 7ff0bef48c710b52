"""The store as a file, who may read it, and the clock that its rows were written by."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.errors import StoreError
from appliance.store import deployments, journal
from appliance.store.file import snapshot
from appliance.store.file.database import Store

EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock that shows less was never set."""
TOLERANCE = timedelta(minutes=1)
_SET_CLOCK = "set it, and see that NTP runs"
_FROM_BACKUP = "restore a backup: dns-appliance restore FILE"


def sound_store(site: DoctorContext) -> Iterator[Result]:
    """It is there, whole, and has the tables of this release."""
    file = site.settings.store.path
    if not file.exists():
        was_there = file.with_suffix(".lock").exists()
        mend = _FROM_BACKUP if was_there else "make it: dns-appliance host prepare"
        yield fail(f"there is no store {file}", f"see whether store.path is right; else {mend}")
        return
    try:
        snapshot.verify(file)
    except StoreError as damaged:
        yield fail(str(damaged), _FROM_BACKUP)
        return
    missing = snapshot.unapplied_migrations(file)
    if missing:
        yield fail(
            f"{file} lacks the migration {missing[0]}", "dns-appliance host prepare, or start `run` of this release"
        )
    else:
        yield ok(f"{file} is sound, {file.stat().st_size // 1024} KiB")


def closed_store(site: DoctorContext) -> Iterator[Result]:
    """Others can neither read it (it holds hashes of passwords and tokens) nor put a file in its place."""
    file = site.settings.store.path
    mode, folder = (path.stat().st_mode for path in (file, file.parent))
    if folder & stat.S_IWOTH or (mode & stat.S_IWOTH and folder & stat.S_IXOTH):
        yield fail(f"anyone may write the store {file}", f"chmod o-w {file.parent} {file}")
    elif mode & stat.S_IROTH and folder & stat.S_IXOTH:
        yield fail(f"anyone may read the store {file}", f"chmod o-rwx {file.parent} {file}")
    elif not os.access(file, os.W_OK):
        yield warn(f"{file} cannot be written by this user", "run doctor as root, or as the user of the appliance")
    else:
        yield ok("the store is closed to others")


def plausible_clock(site: DoctorContext) -> Iterator[Result]:
    """It is not behind what was written before: expiry of tokens and age of backups hang on it, serials do not."""
    newest = _newest_row(site)
    if site.now < EARLIEST:
        yield fail(f"the clock says {site.now:%Y-%m-%d}: it was never set", _SET_CLOCK)
    elif newest and newest > site.now + TOLERANCE:
        ahead = newest.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield fail(f"the newest row of the store is of {ahead}: the clock was set back", _SET_CLOCK)
    else:
        yield ok(f"the clock says {site.now:%Y-%m-%dT%H:%M:%SZ}")


def _newest_row(site: DoctorContext) -> datetime | None:
    store = Store(site.settings.store.path)
    store.attach()
    with store.connection():
        return max(filter(None, (journal.last_moment(), deployments.beat_at())), default=None)
