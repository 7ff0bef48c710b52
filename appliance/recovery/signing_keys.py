"""DNSSEC keys in backups: the files of signed zones, with what is private, are read by `backup`, written by `restore`.

A file that exists on the host wins over that of a backup: named has changed its times since.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from dns.name import Name

from appliance.errors import ApplianceError, StoreError
from appliance.files import Owner, user_name
from appliance.nameserver.key_folders import KeyFiles, KeyFolders, files_of, public_keys
from appliance.nameserver.zone_files import ZoneFiles
from appliance.processes import shared_lock
from appliance.store import backup_keys, signing
from appliance.store.backup_keys import SignedZone
from appliance.store.file import snapshot, sqlite
from appliance.store.file.database import Store


@dataclass(frozen=True, slots=True)
class HostKeys:
    """The folders of keys in the folder of the zone files; `named` returns the user of named.

    `may_create`: the folder of the zone files may be missing, as in a new state folder.
    """

    zone_directory: Path
    named: Callable[[], Owner]
    may_create: bool = False

    @property
    def folders(self) -> KeyFolders:
        """Return the folders."""
        return KeyFolders(self.zone_directory)


@dataclass(slots=True)
class KeysInBackup:
    """The keys that were copied, as public keys in base64, and the domains that lack the files of a key.

    `damaged` are files that are not whole, and were not copied.
    """

    public_keys: list[str] = field(default_factory=list)
    lacking: list[Name] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)


def add_keys(copy: sqlite.Connection, host: HostKeys, now: datetime, found: KeysInBackup) -> None:
    """Add the key files of all zones that are or were signed to a copy of the store, and to `found`.

    The copy says of each key whose files it has when it was backed up. Raise StoreError if a file cannot be read.
    """
    folders = host.folders
    with copy:
        for zone in backup_keys.signed_zones(copy):
            with _readable(host):
                files = folders.read(zone.uuid, found.damaged)
            backup_keys.add_files(copy, zone.uuid, files)
            present = set(public_keys(files))
            found.public_keys += present
            if zone.is_signed and (not present or zone.keys.keys() - present):
                found.lacking.append(zone.name)
        if found.public_keys:
            backup_keys.mark_backed_up(copy, found.public_keys, now)


def mark_backed_up(file: Path, found: KeysInBackup, now: datetime) -> str:
    """Store that these keys are in a backup; return why that failed, "" if it did not."""
    if not found.public_keys:
        return ""
    try:
        with shared_lock(file.with_name(snapshot.API_LOCK)):
            store = Store(file)
            store.attach()
            with store.connection(), store.writing():
                signing.mark_backed_up(found.public_keys, now)
    except ApplianceError as failed:
        return str(failed)
    return ""


def require_writable(backup: Path, host: HostKeys) -> None:
    """Raise StoreError if the key files of the backup cannot be written for named, before anything is changed."""
    if next(backup_keys.files_in(backup), None) is None:
        return
    with _readable(host):
        if not host.may_create and not host.zone_directory.is_dir():
            raise StoreError(
                f"the folder of the zone files, {host.zone_directory}, is missing: prepare the host (docs/hosts.md), "
                "and restore then"
            )
        if os.geteuid() not in (0, host.named().uid):
            raise StoreError(
                f"the backup has DNSSEC keys, which belong to {_user_of_named(host)}, in {host.zone_directory}: "
                f"restore it as root, not as {user_name(os.geteuid())}"
            )


def write_keys(backup: Path, host: HostKeys, zones: Iterable[SignedZone]) -> int:
    """Write the key files of the backup that are missing on this host; return the number of zones that got some."""
    known = {zone.uuid: zone.keys.keys() for zone in zones}
    folders, count = host.folders, 0
    for zone, files in backup_keys.files_in(backup):
        with snapshot.translating_errors(folders.folder(zone)):
            _create_zone_directory(host)
            needed = _needed(files, zone, known.get(zone, frozenset()), host)
            try:
                count += folders.write_missing(zone, needed, host.named())
            except ValueError as wrong:
                raise StoreError(f"{backup} cannot be used: {wrong}") from None
    return count


def _needed(files: KeyFiles, zone: UUID, known: Set[str], host: HostKeys) -> KeyFiles:
    """Return those files of the backup that the zone needs, whose `known` keys are those of the store.

    Beside another key named would retire the right one. So a key that the store does not know is only restored where
    the host has none. If the host has none of the known keys, what it has are keys that named created when the others
    were lost: they are set aside, and what named has signed with them is removed.
    """
    if known and known.isdisjoint(public_keys(files)):
        return {}
    present = set(public_keys(host.folders.read(zone, [])))
    if present and known and known.isdisjoint(present):
        host.folders.set_aside(zone)
        ZoneFiles(host.zone_directory).remove_signed(zone)
        present = set()
    return files_of(known | present, files) if present else files


def _create_zone_directory(host: HostKeys) -> None:
    """Create the folder of the zone files, which belongs to the user of named, as `run` does; at once or not at all."""
    folder = host.zone_directory
    if not folder.is_dir():
        new = folder.with_name(f"{folder.name}.new")
        new.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            named = host.named()
            os.chown(new, named.uid, named.gid)
        new.replace(folder)


def zones_with_keys(host: HostKeys) -> set[UUID]:
    """Return the zones whose private keys are on this host; raise StoreError if their folders cannot be read.

    Who cannot see them may restore a zone as unsigned whose DS the parent has.
    """
    with _readable(host):
        return {zone for zone in host.folders.zones() if host.folders.has_any(zone)}


def move_keys(keys_of: Mapping[UUID, UUID], host: HostKeys) -> None:
    """Give each zone that has no keys here those of the former zone of its name, from which it takes over."""
    for zone, former in keys_of.items():
        with snapshot.translating_errors(host.folders.folder(former)):
            host.folders.move(former, zone)


def lacking_keys(zones: Iterable[SignedZone], host: HostKeys) -> list[Name]:
    """Return those of the zones that are signed and lack the files of a key on this host."""
    folders, lacking = host.folders, []
    for zone in zones:
        with _readable(host):
            has_all = folders.has_any(zone.uuid) and folders.has(zone.uuid, zone.keys.values())
        if zone.is_signed and not has_all:
            lacking.append(zone.name)
    return lacking


@contextmanager
def _readable(host: HostKeys) -> Iterator[None]:
    """Raise StoreError if a key file cannot be read, and say who can."""
    try:
        yield
    except PermissionError as closed:
        raise StoreError(
            f"{closed.filename} cannot be read by the user {user_name(os.geteuid())}: the DNSSEC keys of zones are "
            f"closed to all but root and {_user_of_named(host)}; run the command as root (a backup: systemctl start "
            "dns-appliance-backup)"
        ) from closed
    except OSError as failed:
        raise StoreError(
            f"{failed.filename or host.zone_directory} cannot be read: {failed.strerror or failed}"
        ) from failed


def _user_of_named(host: HostKeys) -> str:
    try:
        return f"{user_name(host.named().uid)}, the user of named"
    except OSError:
        return "the user of named"
