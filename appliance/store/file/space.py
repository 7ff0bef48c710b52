"""The size of the store, and the space that is left on its disk."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MIN_FREE = 64 * 1024
"""Octets without which a disk counts as full: about what one small transaction appends to the log."""


@dataclass(frozen=True, slots=True)
class Space:
    """Octets of the database, of its write-ahead log, and free on their disk for this user."""

    database: int
    log: int
    free: int

    @property
    def is_full(self) -> bool:
        """Return True if nothing can be stored any longer."""
        return self.free < MIN_FREE


def measure(file: Path) -> Space | None:
    """Return the space of the store, None if its folder cannot be read; a file that is missing has 0 octets."""
    try:
        disk = os.statvfs(file.parent)
    except OSError:
        return None
    blocks = disk.f_bfree if os.geteuid() == 0 else disk.f_bavail  # some are reserved for root
    return Space(_size(file), _size(file.with_name(f"{file.name}-wal")), blocks * disk.f_frsize)


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0
