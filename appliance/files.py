"""Files that other users share: written atomically, with the owner and mode that their folder implies.

A folder that its group may write is shared: the group can read and write every file created in it, whoever creates it
and whatever the umask. Symbolic links are not followed, since other users could place one there. This module must not
know what the files hold.
"""

from __future__ import annotations

import os
import pwd
import stat
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Owner:
    """A user id and a group id."""

    uid: int
    gid: int


def user_name(uid: int) -> str:
    """Return the name of a user, or the number if no user has it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def write_atomically(file: Path, content: bytes, mode: int, owner: Owner | None = None) -> None:
    """Write the file atomically and durably, with that mode; its owner is `owner`, or the user of this process."""
    temporary = file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with ExitStack() as undo:
        undo.callback(temporary.unlink, missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            if owner:
                os.fchown(out.fileno(), owner.uid, owner.gid)
            os.fchmod(out.fileno(), mode)
            os.fsync(out.fileno())
        temporary.replace(file)


def flush(path: Path, flags: int = 0) -> None:
    """Make what was written to a file, or the entries of a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY | _OPEN | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_shared(file: Path) -> None:
    """Create an empty file with the permissions of its folder; raise FileExistsError if it exists."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600)
    try:
        _copy_permissions(descriptor, file.parent)
    finally:
        os.close(descriptor)


def open_shared(file: Path) -> IO[str]:
    """Open a file for reading and appending; create it with the permissions of its folder if it is missing."""
    with suppress(FileExistsError):
        create_shared(file)
    return os.fdopen(os.open(file, os.O_RDWR | os.O_APPEND | _OPEN), "a+")


def copy_permissions(file: Path, like: Path) -> None:
    """Give the file the mode of the file `like`, or of a new file in the folder `like`, as root its owner too."""
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
    os.fchmod(descriptor, _permissions(model.st_mode) & (0o660 if same_group else 0o600))


def _permissions(mode: int) -> int:
    """Return the mode for a copy of a file of that mode, or for a new file in a folder of that mode."""
    if stat.S_ISDIR(mode):
        return 0o660 if mode & stat.S_IWGRP else 0o600
    return mode & 0o660
