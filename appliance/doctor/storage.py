"""Check the store's file, its permissions, and the clock."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.errors import StoreError
from appliance.store import heartbeat, journal
from appliance.store.file import snapshot
from appliance.store.file.database import MAX_LOG_SIZE, Store
from appliance.store.file.space import measure

EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""An earlier time means that the clock was never set."""
LONG_LOG = 8 * MAX_LOG_SIZE
"""Octets of the write-ahead log that are a warning."""
TOLERANCE = timedelta(minutes=1)
_SET_CLOCK = "set the clock and check that NTP runs (timedatectl)"
_FROM_BACKUP = "restore a backup: dns-appliance restore FILE"


def sound_store(context: DoctorContext) -> Iterator[Result]:
    """Check that the store exists, is not damaged, and has the schema of this release."""
    file = context.settings.store.path
    if not file.exists():
        existed = file.with_suffix(".lock").exists()
        repair = _FROM_BACKUP if existed else "create it: dns-appliance host prepare"
        yield fail(f"database {file} does not exist", f"check store.path; if it is right, {repair}")
        return
    try:
        snapshot.verify(file)
    except StoreError as damaged:
        yield fail(str(damaged), _FROM_BACKUP)
        return
    missing = snapshot.unapplied_migrations(file)
    if missing:
        yield fail(
            f"database {file} lacks migration {missing[0]}",
            "dns-appliance host prepare, or start `run` of this release",
        )
    else:
        yield ok(f"database {file} is intact, {file.stat().st_size // 1024} KiB")


def closed_store(context: DoctorContext) -> Iterator[Result]:
    """Check that others can neither read the store (it has hashes of passwords, and secrets) nor replace it."""
    file = context.settings.store.path
    mode, folder = (path.stat().st_mode for path in (file, file.parent))
    if folder & stat.S_IWOTH or (mode & stat.S_IWOTH and folder & stat.S_IXOTH):
        yield fail(f"database {file} is writable for everyone", f"chmod o-w {file.parent} {file}")
    elif mode & stat.S_IROTH and folder & stat.S_IXOTH:
        yield fail(f"database {file} is readable for everyone", f"chmod o-rwx {file.parent} {file}")
    elif not os.access(file, os.W_OK):
        yield warn(f"database {file} is not writable for this user", "run doctor as root, or as the appliance's user")
    else:
        yield ok("the database is closed to other users")


def merged_log(context: DoctorContext) -> Iterator[Result]:
    """Check that the write-ahead log is short: SQLite cannot merge it into the database while a reader needs it."""
    file = context.settings.store.path
    space = measure(file)
    if space and space.log > LONG_LOG:
        yield warn(
            f"the write-ahead log of {file} has {space.log // 2**20} MiB: a program has been reading for a long time",
            f"end that program; fuser {file} lists the programs that have the database open",
        )
    else:
        yield ok(f"the write-ahead log has {space.log // 1024 if space else 0} KiB")


def plausible_clock(context: DoctorContext) -> Iterator[Result]:
    """Check that the clock is not behind the newest row: expiry of tokens and age of backups depend on it."""
    newest = _newest_row(context)
    if context.now < EARLIEST:
        yield fail(f"the clock shows {context.now:%Y-%m-%d}, a time before this release: it is not set", _SET_CLOCK)
    elif newest and newest > context.now + TOLERANCE:
        ahead = newest.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield fail(f"the newest row of the database is from {ahead}: the clock was set back", _SET_CLOCK)
    else:
        yield ok(f"the clock shows {context.now:%Y-%m-%dT%H:%M:%SZ}")


def _newest_row(context: DoctorContext) -> datetime | None:
    store = Store(context.settings.store.path)
    store.attach()
    with store.connection():
        return max(filter(None, (journal.last_moment(), heartbeat.last_at())), default=None)
