"""The folders in which named keeps the DNSSEC keys of zones, one for each zone, beside the zone files.

    keys/UUID/    Kexample.com.+013+12345.key, .private and .state, named's own
    keys/UUID.new/    files of a backup that are being written; they get the name of the zone together
    keys/UUID.aside/  keys that named created when those of the zone were lost

named makes a new key when it finds a folder without key files, and resolvers that have the DS of the former one then
refuse the zone. So a folder of a zone that was signed before appears with its files or not at all. No service but named
reads what is private; `backup` and `restore` do.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from uuid import UUID

from appliance.files import Owner, flush, write_atomically

FOLDERS = "keys"
"""The name of the folder of all these folders, in that of the zone files."""
FOLDER_MODE = 0o2770
_FILE = re.compile(r"K[A-Za-z0-9_.%+-]+\+\d{3}\+\d{5}\.(key|private|state)")
_MODES = {"key": 0o644, "private": 0o600, "state": 0o644}
_ORDER = ("state", "key", "private")
"""named finds a key by its private file, and makes a missing state, with wrong times: it must be there before."""
_READS = 10
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Without waiting for somebody who writes to a pipe."""
_DNSKEY = re.compile(r"^[^;\n]*\sDNSKEY\s+\d+\s+3\s+\d+\s+(.+)$", re.MULTILINE)

KeyFiles = Mapping[str, bytes]
"""Files of the keys of a zone, by name."""


class NotWhole(OSError):
    """A key file is cut, is no file, or changes all the time."""


class KeyFolders:
    """The folders of keys in the folder of the zone files. Every failure raises OSError."""

    def __init__(self, zone_directory: Path) -> None:
        self._zones = zone_directory
        self._folder = zone_directory / FOLDERS

    def folder(self, zone: UUID) -> Path:
        """Return the path of the folder of the keys of a zone."""
        return self._folder / str(zone)

    def make(self, zone: UUID) -> Path:
        """Make the folder, which named can write, unless it exists; return its path.

        Never call it for a zone that was signed before.
        """
        self._make_open(self._folder)
        return self._make_open(self.folder(zone))

    def has(self, zone: UUID, tags: Iterable[int]) -> bool:
        """Return True if the files of the keys with these tags are in the folder of the zone."""
        ends = {name[name.rfind("+") + 1 :] for name in self._names(zone)}
        return all({f"{tag:05}.key", f"{tag:05}.private"} <= ends for tag in tags)

    def has_any(self, zone: UUID) -> bool:
        """Return True if the folder of the zone has a private key."""
        return any(name.endswith(".private") for name in self._names(zone))

    def read(self, zone: UUID, damaged: list[Path] | None = None) -> KeyFiles:
        """Return the files of the zone's keys; none if it has no folder. Raise PermissionError if one is closed.

        A file that is not whole is left out, and added to `damaged`; raise NotWhole without that list.
        """
        found: dict[str, bytes] = {}
        for name in self._names(zone):
            path = self.folder(zone) / name
            try:
                found[name] = _read_whole(path)
            except NotWhole:
                if damaged is None:
                    raise
                damaged.append(path)
        return found

    def write_missing(self, zone: UUID, files: KeyFiles, owner: Owner) -> bool:
        """Write those files that are not there, for named's user `owner`; return False if there are none.

        Files that exist stay as they are, unless they are not whole. A name that is not one of a key file raises
        ValueError.
        """
        for name in files:
            if not _FILE.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a key file")
        folder, names = self.folder(zone), self.read(zone, []).keys()
        missing = sorted(files.keys() - names, key=_order)
        if not missing:
            return False
        target = folder if names else folder.with_name(f"{zone}.new")
        self._make_open(self._folder)
        self._make_open(target)
        for name in missing:
            write_atomically(target / name, files[name], _MODES[name.rpartition(".")[2]], _owner(owner))
        flush(target)
        if target != folder:
            self._clear(zone)
            target.replace(folder)
        flush(self._folder)
        return True

    def set_aside(self, zone: UUID) -> None:
        """Rename the folder of the zone, so that named finds no key of it; replace one that was set aside before."""
        aside = self.folder(zone).with_name(f"{zone}.aside")
        if aside.is_dir():
            shutil.rmtree(aside)
        self.folder(zone).replace(aside)
        flush(self._folder)

    def move(self, former: UUID, zone: UUID) -> bool:
        """Give the keys of a former zone to another zone, which has none yet; return False if there are none."""
        if not self.has_any(former) or self.has_any(zone):
            return False
        self._clear(zone)
        self.folder(former).replace(self.folder(zone))
        flush(self._folder)
        return True

    def remove(self, zone: UUID) -> None:
        """Remove the keys of a zone, for good, also those that were set aside."""
        folder = self.folder(zone)
        for path in (folder, *(folder.with_name(f"{zone}{suffix}") for suffix in (".new", ".aside"))):
            if path.is_symlink():
                path.unlink()
            elif path.is_dir():
                shutil.rmtree(path)
        if self._folder.is_dir():
            flush(self._folder)

    def zones(self) -> list[UUID]:
        """Return the zones that have a folder."""
        if not self._folder.is_dir():
            return []
        return [uuid for path in self._folder.iterdir() if (uuid := uuid_from(path.name))]

    def _names(self, zone: UUID) -> set[str]:
        """Return the names of the key files; an empty one, as a power failure leaves it, counts as missing."""
        try:
            with os.scandir(self.folder(zone)) as entries:
                return {one.name for one in entries if _FILE.fullmatch(one.name) and not _is_empty(one)}
        except FileNotFoundError:
            return set()

    def _clear(self, zone: UUID) -> None:
        """Remove the folder of a zone without keys, if there is one; set it aside if somebody has files in it."""
        folder = self.folder(zone)
        if folder.is_dir() and any(folder.iterdir()):
            self.set_aside(zone)
        elif folder.is_dir():
            folder.rmdir()

    def _make_open(self, folder: Path) -> Path:
        """Make a folder, of the owner and group of the zone files, that named can write.

        named could place a symbolic link to any folder of the host here: raise OSError for one. The deployer's service
        may not set the mode (RestrictSUIDSGID): there the folder has it by its parent and the umask.
        """
        folder.mkdir(exist_ok=True)
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if os.geteuid() == 0:
                own = self._zones.stat()
                os.fchown(opened, own.st_uid, own.st_gid)
            if stat.S_IMODE(os.fstat(opened).st_mode) != FOLDER_MODE:
                os.fchmod(opened, FOLDER_MODE)
        finally:
            os.close(opened)
        return folder


def public_keys(files: KeyFiles) -> Iterator[str]:
    """Yield the public key, in base64, of each key whose private part is among the files too."""
    for name in files:
        stem, _, kind = name.rpartition(".")
        if kind == "private" and (public := _public_key(files, stem)):
            yield public


def files_of(keys: Set[str], files: KeyFiles) -> KeyFiles:
    """Return those of the files that belong to one of these public keys, in base64."""
    return {name: one for name, one in files.items() if _public_key(files, name.rpartition(".")[0]) in keys}


def _public_key(files: KeyFiles, stem: str) -> str | None:
    found = _DNSKEY.search(files.get(f"{stem}.key", b"").decode("ascii", "replace"))
    return found[1].replace(" ", "") if found else None


def _order(name: str) -> tuple[str, int]:
    stem, _, kind = name.rpartition(".")
    return stem, _ORDER.index(kind)


def _owner(owner: Owner) -> Owner | None:
    """Return the owner that a new file is given; None if it has that one by itself."""
    return owner if os.geteuid() == 0 else None


def _read_whole(file: Path) -> bytes:
    """Return the content of a file that named may be writing just now, when it is whole."""
    for _ in range(_READS):
        with os.fdopen(os.open(file, _READ), "rb") as opened:
            before = os.fstat(opened.fileno())
            content = opened.read()
            after = os.fstat(opened.fileno())
        is_whole = stat.S_ISREG(after.st_mode) and content.endswith(b"\n")
        if is_whole and (before.st_mtime_ns, after.st_size) == (after.st_mtime_ns, len(content)):
            return content
    raise NotWhole(0, "it changes again and again, or is not whole", str(file))


def _is_empty(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size == 0


def uuid_from(text: str) -> UUID | None:
    """Return the uuid that this text is the canonical form of; None if it is not one."""
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text else None
