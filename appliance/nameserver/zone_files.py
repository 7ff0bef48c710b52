"""The zone files of a primary: staged beside the live file, published atomically, restored if named does not load them.

A file is named by the uuid of its zone, so that no zone name becomes part of a path. This module must not know what the
files hold.

    UUID.zone       live: the file that named reads     UUID.staged    written, not yet checked or published
    UUID.zone.jnl   named's journal of that file        UUID.former    the previous live file
    UUID.refresh    written, to replace the live file while named's journal stays
    UUID.zone.jnw, tmp-XXXXXXXXXX    what named writes before it renames it to a journal, to a live file
    UUID.zone.signed, .signed.jnl, .jbk    the signed zone, and its journals; named's own
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from appliance.errors import PublishFailed
from appliance.files import flush, write_atomically
from appliance.nameserver.file_head import HEAD_SIZE, FileHead, read_head
from appliance.nameserver.key_folders import KeyFolders, uuid_from
from appliance.nameserver.seed_file import SUFFIXES as SEED_SUFFIXES
from appliance.nameserver.seed_file import SeedFile

Signature = tuple[int, int, int, int]

SIGNED_SUFFIXES = (".zone.signed", ".zone.signed.jnl", ".zone.signed.jnw", ".zone.jbk")
"""What named writes of a zone that it signs, beside the live file."""
_SUFFIXES = (".zone", ".zone.jnl", ".zone.jnw", ".staged", ".refresh", ".former", *SIGNED_SUFFIXES, *SEED_SUFFIXES)
_TEMPORARY = "tmp-??????????"


class ZoneFiles:
    """The zone files in one existing directory; `mode` is their permission bits. Every failure raises PublishFailed.

    With a journal that is older than the file beside it, named does not load the zone after a restart. So the journal
    is unlinked, durably, before each file is published. Until then the live file must have the serial that is served:
    without its journal an older one would be served after a restart. A file with the serial that named serves may
    replace the live one at any time, also a file that named has written: its journal stays.
    """

    def __init__(self, directory: Path, mode: int = 0o644) -> None:
        self._directory = directory
        self._keys = KeyFolders(directory)
        self._mode = mode
        self._staged: dict[Path, str] = {}
        self._unflushed: set[Path] = set()
        self._digests: dict[UUID, tuple[Signature, str]] = {}

    def path(self, zone: UUID) -> Path:
        """Return the path of the live file of a zone."""
        return self._path(zone, ".zone")

    def stage(self, zone: UUID, content: bytes) -> Path:
        """Write a file under a name that named does not read, replacing an earlier one; return its path.

        It is not durable before `flush_staged` or `publish`.
        """
        return self._write(self._path(zone, ".staged"), content)

    def flush_staged(self, zone: UUID) -> None:
        """Make the staged file durable, so that `publish` need not."""
        with _as_publish_failed("stage"):
            self._flush_file(self._path(zone, ".staged"))

    def stage_refresh(self, zone: UUID, content: bytes) -> Path:
        """Write a file durably for `refresh`, beside one that `stage` wrote."""
        path = self._write(self.refresh_path(zone), content)
        with _as_publish_failed("stage"):
            self._flush_file(path)
        return path

    def refresh_path(self, zone: UUID) -> Path:
        """Return the path of the file that `stage_refresh` writes."""
        return self._path(zone, ".refresh")

    def refresh(self, zone: UUID) -> None:
        """Replace the live file by that of `stage_refresh`, which has the serial that named serves; keep the journal.

        No other content of the zone may be published meanwhile. It is not durable before `flush`.
        """
        with _as_publish_failed("refresh"):
            self._rename(zone, ".refresh")

    def flush(self) -> None:
        """Make what was renamed durable."""
        with _as_publish_failed("flush"):
            self._flush()

    def publish(self, zone: UUID) -> None:
        """Make the staged file the live one and keep the previous one. A symbolic link in its place is replaced."""
        with _as_publish_failed("publish"):
            has_changed = self._keep_previous(zone)
            self._swap(zone, has_changed=has_changed)

    def restore(self, zone: UUID) -> bool:
        """Make a copy of the previous file the live one, so that named notices it; return False if there is none."""
        previous = self._path(zone, ".former")
        with _as_publish_failed("restore"):
            if not os.path.lexists(previous):
                return False
            self.stage(zone, _read(previous))
            self._swap(zone)
        return True

    def digest(self, zone: UUID) -> str | None:
        """Return the SHA-256 of the live file; None if it is missing, a symbolic link or has other permission bits.

        The digest is cached until the file is replaced or written.
        """
        try:
            signature = _signature(self.path(zone))
            if signature[-1] != stat.S_IFREG | self._mode:
                return None
            if self._digests.get(zone, (None, ""))[0] != signature:
                self._digests[zone] = (signature, hashlib.sha256(_read(self.path(zone))).hexdigest())
        except OSError:
            return None
        return self._digests[zone][1]

    def head(self, zone: UUID) -> FileHead | None:
        """Return the head of the live file; None if it has none or cannot be read."""
        try:
            return read_head(_read(self.path(zone), HEAD_SIZE))
        except OSError:
            return None

    def size(self, zone: UUID) -> int:
        """Return the octets of the live file; 0 if it is missing."""
        return _size(self.path(zone))

    def journal_size(self, zone: UUID) -> int:
        """Return the octets of named's journal of the zone; 0 if it has none."""
        return _size(self._path(zone, ".zone.jnl"))

    def remove_journal(self, zone: UUID) -> None:
        """Unlink named's journal durably; the live file must have the serial that named serves."""
        with _as_publish_failed("remove journal"):
            self._path(zone, ".zone.jnl").unlink(missing_ok=True)
            self._flush()

    def discard(self, zone: UUID) -> None:
        """Remove the staged file, if any."""
        with _as_publish_failed("discard"):
            self._path(zone, ".staged").unlink(missing_ok=True)

    def discard_refresh(self, zone: UUID) -> None:
        """Remove the file of `stage_refresh`, if any."""
        with _as_publish_failed("discard"):
            self._path(zone, ".refresh").unlink(missing_ok=True)

    def discard_all(self) -> None:
        """Remove what a crash left behind: the files that were staged and not published, of all zones."""
        for zone in self.staged_zones():
            self.discard(zone)
        for zone in self._with(".refresh"):
            self.discard_refresh(zone)
        for suffix in SEED_SUFFIXES:
            for zone in self._with(suffix):
                SeedFile(self.path(zone)).discard()

    def remove(self, zone: UUID) -> None:
        """Remove every file of a zone."""
        with _as_publish_failed("remove"):
            self._digests.pop(zone, None)
            for suffix in _SUFFIXES:
                self._path(zone, suffix).unlink(missing_ok=True)
            self._flush()

    def remove_abandoned(self, moment: datetime) -> None:
        """Remove the temporary files that named last wrote before that moment: it was killed while it wrote them."""
        with _as_publish_failed("remove"):
            for path in self._directory.glob(_TEMPORARY):
                if path.lstat().st_mtime < moment.timestamp():
                    path.unlink(missing_ok=True)

    def key_folder(self, zone: UUID) -> Path:
        """Return the path of the folder of the keys of a zone."""
        return self._keys.folder(zone)

    def make_key_folder(self, zone: UUID) -> Path:
        """Make the folder of the keys of a zone, which named can write, unless it exists; return its path.

        Never call it for a zone that was signed before: named makes new keys in an empty folder, and resolvers that
        have the DS of the former ones then refuse the zone.
        """
        with _as_publish_failed("keys"):
            return self._keys.make(zone)

    def has_keys(self, zone: UUID, tags: Iterable[int]) -> bool:
        """Return True if the files of the keys with these tags are in the folder of the zone."""
        with _as_publish_failed("keys"):
            return self._keys.has(zone, tags)

    def has_any_key(self, zone: UUID) -> bool:
        """Return True if the folder of the zone has a private key."""
        with _as_publish_failed("keys"):
            return self._keys.has_any(zone)

    def zones_with_keys(self) -> list[UUID]:
        """Return the zones that have a folder of keys."""
        with _as_publish_failed("keys"):
            return self._keys.zones()

    def move_keys(self, former: UUID, zone: UUID) -> None:
        """Give the keys of a former zone to another one, which has none."""
        with _as_publish_failed("keys"):
            self._keys.move(former, zone)

    def remove_keys(self, zone: UUID) -> None:
        """Remove the keys of a zone, for good."""
        with _as_publish_failed("keys"):
            self._keys.remove(zone)

    def is_signed(self, zone: UUID) -> bool:
        """Return True if there is a file that named wrote of the signed zone."""
        return self._path(zone, ".zone.signed").exists()

    def remove_signed(self, zone: UUID) -> None:
        """Remove what named wrote of a zone that it signs no longer, or signs again, but its keys."""
        with _as_publish_failed("remove"):
            for suffix in SIGNED_SUFFIXES:
                self._path(zone, suffix).unlink(missing_ok=True)
            self._flush()

    def staged_zones(self) -> list[UUID]:
        """Return the zones with a staged file."""
        return self._with(".staged")

    def zones(self) -> list[UUID]:
        """Return the zones with a live file."""
        return self._with(".zone")

    def _with(self, suffix: str) -> list[UUID]:
        with _as_publish_failed("list"), os.scandir(self._directory) as entries:
            stems = (one.name.removesuffix(suffix) for one in entries if one.name.endswith(suffix))
            return [uuid for stem in stems if (uuid := uuid_from(stem))]

    def read_live(self, zone: UUID) -> bytes:
        """Return the content of the live file; empty if it cannot be read."""
        try:
            return _read(self.path(zone))
        except OSError:
            return b""

    def _path(self, zone: UUID, suffix: str) -> Path:
        return self._directory / f"{zone}{suffix}"

    def _keep_previous(self, zone: UUID) -> bool:
        """Keep the live file as the previous one, unless it is a link or equal to the staged file (published twice).

        Return True if it was kept.
        """
        live, staged, previous = (self._path(zone, suffix) for suffix in (".zone", ".staged", ".former"))
        if live.is_symlink() or not live.exists() or _same(live, staged):
            return False
        previous.unlink(missing_ok=True)
        try:
            os.link(live, previous)
        except PermissionError:  # another user's file, as named's catalog is, may not be linked to (proc(5))
            write_atomically(previous, _read(live), self._mode)
        return True

    def _swap(self, zone: UUID, *, has_changed: bool = False) -> None:
        """Replace the live file, once the journal is durably unlinked, and what else `has_changed` in the directory."""
        try:
            self._path(zone, ".zone.jnl").unlink()
            has_changed = True
        except FileNotFoundError:
            pass
        if has_changed:
            self._flush()
        self._rename(zone, ".staged")
        self._flush()

    def _write(self, path: Path, content: bytes) -> Path:
        with _as_publish_failed("stage"):
            path.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fchmod(file.fileno(), self._mode)
            except OSError:
                with contextlib.suppress(OSError):  # a part of a file that has no room would leave none to others
                    path.unlink()
                raise
        self._staged[path] = hashlib.sha256(content).hexdigest()
        self._unflushed.add(path)
        return path

    def _flush_file(self, path: Path) -> None:
        """Make a written file durable, once."""
        if path in self._unflushed:
            flush(path)
            self._unflushed.discard(path)

    def _rename(self, zone: UUID, suffix: str) -> None:
        written = self._path(zone, suffix)
        self._flush_file(written)
        signature = _signature(written)  # not of the live file, which named may replace at any time
        written.replace(self.path(zone))
        self._digests[zone] = (signature, self._staged.pop(written))

    def _flush(self) -> None:
        """Make the renames and unlinks in the directory durable."""
        flush(self._directory, os.O_DIRECTORY)


@contextlib.contextmanager
def _as_publish_failed(step: str) -> Iterator[None]:
    """Convert OSError to PublishFailed with the step and the reason."""
    try:
        yield
    except OSError as error:
        raise PublishFailed(f"{step}: {error.strerror or error}") from error


def _signature(path: Path) -> Signature:
    """Return what changes when a file is replaced or written: inode, time, size and mode."""
    state = path.lstat()
    return state.st_ino, state.st_mtime_ns, state.st_size, state.st_mode


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _read(path: Path, most: int = -1) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        return file.read(most)


def _same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and _read(one) == _read(other)
