"""Backups: the complete store as one SQLite file without companion files.

A backup contains the keys of signed zones, with what is private. It contains neither settings nor the keys of the
nameservers: the playbook creates those of a host, `run` those of a state folder. Of tokens and passwords it contains
hashes, as the store does; the secrets of second factors and of TSIG keys of tokens are readable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dns.name import Name

from appliance.errors import StoreError
from appliance.recovery.signing_keys import HostKeys, KeysInBackup, add_keys, mark_backed_up
from appliance.store.file import snapshot
from appliance.store.file.snapshot import Progress

_DATED = re.compile(r"store-\d{8}T\d{6}Z\.sqlite3")


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified backup; `size` in octets. `without_keys` are signed zones that lack the files of a key on the host.

    `damaged` are key files that are not whole, and not in the backup. `unmarked` is why the store does not know that
    its keys are in a backup, "" if it does.
    """

    file: Path
    size: int
    without_keys: Sequence[Name] = ()
    damaged: Sequence[Path] = ()
    unmarked: str = ""


def back_up(
    store: Path,
    file: Path,
    keys: HostKeys,
    now: datetime,
    *,
    overwrite: bool,
    progress: Progress = lambda _done, _total: None,
) -> Backup:
    """Copy the store, and the keys of signed zones, into `file`, of mode 0600, completely or not at all.

    Raise StoreError if it fails, also if a key cannot be read. Writers are not blocked. The copy has every change that
    was acknowledged before it began. The store then knows which keys are in a backup.
    """
    if file.exists() and not overwrite:
        raise StoreError(f"{file} already exists: choose another file, or use --force")
    copied = KeysInBackup()
    with snapshot.temporary_file_beside(file) as copy:
        snapshot.copy_store(store, copy, progress, lambda writer: add_keys(writer, keys, now, copied))
        with snapshot.translating_errors(file):
            copy.replace(file)
            snapshot.flush(file.absolute().parent)
    unmarked = mark_backed_up(store, copied, now)
    return Backup(file, file.stat().st_size, copied.lacking, copied.damaged, unmarked)


def back_up_into(
    store: Path,
    folder: Path,
    keys: HostKeys,
    now: datetime,
    keep: int | None,
    progress: Progress = lambda _done, _total: None,
) -> Backup:
    """Back up into a new file of the folder, named for the time; keep only the `keep` newest ones if it is set."""
    file = folder / f"store-{now:%Y%m%dT%H%M%SZ}.sqlite3"
    backup = back_up(store, file, keys, now, overwrite=False, progress=progress)
    others = sorted(file for file in folder.iterdir() if _DATED.fullmatch(file.name) and file != backup.file)
    surplus = others[: max(0, len(others) + 1 - keep)] if keep else []
    with snapshot.translating_errors(folder):
        for file in surplus:
            file.unlink()
    return backup
