"""A backup: the whole store as one SQLite file that needs no other beside it.

Settings and keys are not in it: a host is made by its playbook, a state folder by `run`. Of tokens and passwords it
holds what the store holds, their hashes.
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
    """A backup that was found sound; `size` in octets."""

    file: Path
    size: int


def back_up(store: Path, file: Path, *, overwrite: bool, progress: Progress = lambda _done, _all: None) -> Backup:
    """Copy the store into `file`, readable by its owner alone, whole or not at all; StoreError says why not.

    Writers go on meanwhile: the copy holds every change that was acknowledged before it began.
    """
    if file.exists() and not overwrite:
        raise StoreError(f"{file} is there already: name another file, or use --force")
    with snapshot.draft_beside(file) as draft:
        snapshot.copy_whole(store, draft, progress)
        with snapshot.told(file):
            draft.replace(file)
            snapshot.flush(file.absolute().parent)
    return Backup(file, file.stat().st_size)


def back_up_into(
    store: Path, folder: Path, now: datetime, keep: int | None, progress: Progress = lambda _done, _all: None
) -> Backup:
    """As `back_up`, to a file of the folder that is named for the moment; of such files the `keep` newest stay."""
    made = back_up(store, folder / f"store-{now:%Y%m%dT%H%M%SZ}.sqlite3", overwrite=False, progress=progress)
    others = sorted(file for file in folder.iterdir() if _DATED.fullmatch(file.name) and file != made.file)
    surplus = others[: max(0, len(others) + 1 - keep)] if keep else []
    with snapshot.told(folder):
        for file in surplus:
            file.unlink()
    return made
