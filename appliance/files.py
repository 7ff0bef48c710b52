"""Files that others shall use too: written whole or not at all, with the owner and rights that their place asks for.

A folder that a group may write is shared: what is made in it is that group's to read and write, whoever made it and
whatever the umask. No link is followed, since others may have put one there. This room must not know what is in them.
"""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Owner:
    """A user and a group, by their numbers."""

    uid: int
    gid: int


def write_atomically(file: Path, content: bytes, mode: int, owner: Owner | None = None) -> None:
    """Write the file, durably, with that mode; for that owner, or for whoever runs this."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with ExitStack() as undo:
        undo.callback(draft.unlink, missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            if owner:
                os.fchown(out.fileno(), owner.uid, owner.gid)
            os.fchmod(out.fileno(), mode)
            os.fsync(out.fileno())
        draft.replace(file)


def create_shared(file: Path) -> None:
    """Make an empty file for those who share its folder; FileExistsError when something is there."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600)
    try:
        _copy_permissions(descriptor, file.parent)
    finally:
        os.close(descriptor)


def open_shared(file: Path) -> IO[str]:
    """Open a file to read it and to append to it; one that is missing is made for those who share its folder."""
    with suppress(FileExistsError):
        create_shared(file)
    return os.fdopen(os.open(file, os.O_RDWR | os.O_APPEND | _OPEN), "a+")


def copy_permissions(file: Path, like: Path) -> None:
    """Give the file the rights, and root gives it the owner, of the file `like`, or of what is made in that folder."""
    descriptor = os.open(file, os.O_RDONLY | _OPEN)
    try:
        _copy_permissions(descriptor, like)
    finally:
        os.close(descriptor)


def _copy_permissions(descriptor: int, like: Path) -> None:
    model = like.stat()
    if os.geteuid() == 0:
        os.fchown(descriptor, model.st_uid, model.st_gid)
    same_group = os.fstat(descriptor).st_gid == model.st_gid
    os.fchmod(descriptor, _rights(model.st_mode) & (0o660 if same_group else 0o600))


def _rights(mode: int) -> int:
    """Those of a file of that mode without others', or those of what is made in a folder of that mode."""
    if stat.S_ISDIR(mode):
        return 0o660 if mode & stat.S_IWGRP else 0o600
    return mode & 0o660
