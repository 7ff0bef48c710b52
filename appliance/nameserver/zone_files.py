"""The zone files of a primary: staged beside the live one, swapped in whole, and put back when they prove wrong.

A file is named by the uuid of its zone: no zone name becomes a path. This module must not know what the files hold.

    UUID.zone       live: what named reads          UUID.staged    written, not yet checked or published
    UUID.zone.jnl   named's journal of that file    UUID.former    what was live before
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from appliance.errors import PublishFailed
from appliance.files import write_atomically

Signature = tuple[int, int, int, int]

_SUFFIXES = (".zone", ".zone.jnl", ".staged", ".former")


class ZoneFiles:
    """The zone files in one existing directory; `mode` is their permission bits. Every failure is a PublishFailed.

    A journal left beside a newer file keeps named from loading the zone after a restart: so it is unlinked, and that
    made durable, before each swap.
    """

    def __init__(self, directory: Path, mode: int = 0o644) -> None:
        self._directory = directory
        self._mode = mode
        self._staged: dict[UUID, str] = {}
        self._digests: dict[UUID, tuple[Signature, str]] = {}

    def path(self, zone: UUID) -> Path:
        """The live file of a zone."""
        return self._place(zone, ".zone")

    def stage(self, zone: UUID, content: bytes) -> Path:
        """Write a candidate, whole and on disk, under a name that named does not read, over a leftover if any."""
        staged = self._place(zone, ".staged")
        with _told("stage"):
            staged.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(staged, flags, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), self._mode)
                os.fsync(file.fileno())
        self._staged[zone] = hashlib.sha256(content).hexdigest()
        return staged

    def publish(self, zone: UUID) -> None:
        """Make the staged file the live one, keeping that as the former; a link in its place is replaced itself."""
        with _told("publish"):
            self._keep(zone)
            self._swap(zone)

    def restore(self, zone: UUID) -> bool:
        """Make the former file live again, written anew for named to notice it; False when there is none."""
        former = self._place(zone, ".former")
        with _told("put back"):
            if not os.path.lexists(former):
                return False
            self.stage(zone, _read(former))
            self._swap(zone)
        return True

    def digest(self, zone: UUID) -> str | None:
        """Return the SHA-256 of the live file; None when it is missing, a link or of other permission bits.

        The file is read again only when someone replaced or wrote it.
        """
        try:
            signature = self._signature(zone)
            if signature[-1] != stat.S_IFREG | self._mode:
                return None
            if self._digests.get(zone, (None, ""))[0] != signature:
                self._digests[zone] = (signature, hashlib.sha256(_read(self.path(zone))).hexdigest())
        except OSError:
            return None
        return self._digests[zone][1]

    def discard(self, zone: UUID) -> None:
        """Remove the staged file, if any."""
        with _told("discard"):
            self._place(zone, ".staged").unlink(missing_ok=True)

    def remove(self, zone: UUID) -> None:
        """Remove every file of a zone."""
        with _told("remove"):
            self._digests.pop(zone, None)
            for suffix in _SUFFIXES:
                self._place(zone, suffix).unlink(missing_ok=True)
            self._flush()

    def staged_zones(self) -> list[UUID]:
        """The zones with a staged file: what a crash left behind, when asked at the start."""
        return self._with("*.staged")

    def zones(self) -> list[UUID]:
        """The zones with a live file."""
        return self._with("*.zone")

    def _with(self, pattern: str) -> list[UUID]:
        with _told("list"):
            return [UUID(path.stem) for path in self._directory.glob(pattern) if _is_uuid(path.stem)]

    def read_live(self, zone: UUID) -> bytes:
        """The content of the live file; nothing when there is none that can be read."""
        try:
            return _read(self.path(zone))
        except OSError:
            return b""

    def _place(self, zone: UUID, suffix: str) -> Path:
        return self._directory / f"{zone}{suffix}"

    def _signature(self, zone: UUID) -> Signature:
        """What changes when anyone replaces or writes the live file."""
        state = self.path(zone).lstat()
        return state.st_ino, state.st_mtime_ns, state.st_size, state.st_mode

    def _keep(self, zone: UUID) -> None:
        """Hold on to the live file, unless it is a link, or the same as the one to come (a publish done twice)."""
        live, staged, former = (self._place(zone, suffix) for suffix in (".zone", ".staged", ".former"))
        if live.is_symlink() or not live.exists() or _same(live, staged):
            return
        former.unlink(missing_ok=True)
        try:
            os.link(live, former)
        except PermissionError:  # another user's file, as named's catalog is, may not be linked to (proc(5))
            write_atomically(former, _read(live), self._mode)

    def _swap(self, zone: UUID) -> None:
        self._place(zone, ".zone.jnl").unlink(missing_ok=True)
        self._flush()
        self._place(zone, ".staged").replace(self.path(zone))
        self._digests[zone] = (self._signature(zone), self._staged.pop(zone))
        self._flush()

    def _flush(self) -> None:
        """Make what was done to names in the directory durable."""
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


@contextlib.contextmanager
def _told(step: str) -> Iterator[None]:
    """Turn the system's refusal into a PublishFailed that names the step and the reason."""
    try:
        yield
    except OSError as error:
        raise PublishFailed(f"{step}: {error.strerror or error}") from error


def _read(path: Path) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        return file.read()


def _same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and _read(one) == _read(other)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
