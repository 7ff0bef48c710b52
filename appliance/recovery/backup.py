"""Backups: the complete store as one SQLite file without companion files.

A backup contains neither settings nor the keys of the nameservers: the playbook creates those of a host, `run` those
of a state folder. Of tokens and passwords it contains hashes, as the store does; the secrets of second factors and of
TSIG keys of tokens are readable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.errors import StoreError
from appliance.store.file import snapshot
from appliance.store.file.snapshot import Progress

_DATED = re.compile(r"store-\d{8}T\d{6}Z\.sqlite3")


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified backup; `size` in octets."""

    file: Path
    size: int


def back_up(store: Path, file: Path, *, overwrite: bool, progress: Progress = lambda _done, _total: None) -> Backup:
    """Copy the store into `file`, of mode 0600, completely or not at all; raise StoreError if it fails.

    Writers are not blocked. The copy has every change that was acknowledged before it began.
    """
    if file.exists() and not overwrite:
        raise StoreError(f"{file} already exists: choose another file, or use --force")
    with snapshot.temporary_file_beside(file) as copy:
        snapshot.copy_store(store, copy, progress)
        with snapshot.translating_errors(file):
            copy.replace(file)
            snapshot.flush(file.absolute().parent)
    return Backup(file, file.stat().st_size)


def back_up_into(
    store: Path, folder: Path, now: datetime, keep: int | None, progress: Progress = lambda _done, _total: None
) -> Backup:
    """Back up into a new file of the folder, named for the time; keep only the `keep` newest ones if it is set."""
    backup = back_up(store, folder / f"store-{now:%Y%m%dT%H%M%SZ}.sqlite3", overwrite=False, progress=progress)
    others = sorted(file for file in folder.iterdir() if _DATED.fullmatch(file.name) and file != backup.file)
    surplus = others[: max(0, len(others) + 1 - keep)] if keep else []
    with snapshot.translating_errors(folder):
        for file in surplus:
            file.unlink()
    return backup
