"""A backup: the whole store as one SQLite file that needs no other beside it.

Settings and keys are not in it: a host is made by its playbook, a state folder by `run`. Of tokens and passwords it
holds what the store holds, their hashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.errors import StoreError
from appliance.store import copies
from appliance.store.copies import Progress


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
    with copies.draft_beside(file) as draft:
        copies.copy_whole(store, draft, progress)
        with copies.told(file):
            draft.replace(file)
            copies.flush(file.absolute().parent)
    return Backup(file, file.stat().st_size)
