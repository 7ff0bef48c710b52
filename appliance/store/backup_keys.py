"""The key files of signed zones in a backup: a table that backups have, and no store in use.

Only `appliance.recovery` uses this module. It must not know where key files are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from dns.name import Name

from appliance.store import columns, name_keys
from appliance.store.file import snapshot, sqlite

_INSTANT = columns.Instant()


@dataclass(frozen=True, slots=True)
class SignedZone:
    """A zone that is or was signed, as far as the store knows, and its keys: public key in base64, and tag."""

    uuid: UUID
    name: Name
    is_signed: bool
    keys: Mapping[str, int]


def signed_zones(copy: sqlite.Connection) -> list[SignedZone]:
    """Return the zones that are or were signed; none of a store that an older release wrote."""
    if not _has_table(copy, "signing"):
        return []
    keys: dict[str, dict[str, int]] = {}
    for uuid, public_key, tag in copy.execute(_KEYS):
        keys.setdefault(str(uuid), {})[str(public_key)] = int(str(tag))
    return [
        SignedZone(UUID(str(uuid)), name_keys.domain_from(str(name)), bool(is_signed), keys.get(str(uuid), {}))
        for uuid, name, is_signed in copy.execute(_ZONES)
    ]


def signed_zones_of(file: Path) -> list[SignedZone]:
    """Return the same of a store that this process does not have open."""
    with snapshot.translating_errors(file), closing(sqlite.connect(file)) as reader:
        return signed_zones(reader)


def add_files(copy: sqlite.Connection, zone: UUID, files: Mapping[str, bytes]) -> None:
    """Add the key files of a zone to a copy of the store."""
    copy.execute("create table if not exists key_file (zone text, name text, content blob, primary key (zone, name))")
    copy.executemany("insert into key_file values (?, ?, ?)", [(str(zone), *file) for file in files.items()])


def mark_backed_up(copy: sqlite.Connection, public_keys: Iterable[str], now: datetime) -> None:
    """Store in the copy that these keys are in a backup."""
    moment = _INSTANT.db_value(now)
    copy.executemany("update signing_key set backed_up_at = ? where public_key = ?", [(moment, k) for k in public_keys])


def remove_files(copy: sqlite.Connection) -> None:
    """Remove all key files from a copy, and overwrite their octets."""
    copy.execute("pragma secure_delete = on")
    copy.execute("drop table if exists key_file")


def files_in(backup: Path) -> Iterator[tuple[UUID, dict[str, bytes]]]:
    """Yield the key files of each zone in the backup, by name; the backup stays as it is."""
    with snapshot.translating_errors(backup), closing(sqlite.connect(backup)) as reader:
        if not _has_table(reader, "key_file"):
            return
        rows = reader.execute("select zone, name, content from key_file order by zone")
        for zone, found in itertools.groupby(rows, key=lambda row: str(row[0])):
            yield UUID(zone), {str(name): bytes(content) for _, name, content in found}


def _has_table(reader: sqlite.Connection, name: str) -> bool:
    return bool(reader.execute("select 1 from sqlite_master where type = 'table' and name = ?", (name,)).fetchall())


_ZONES = "select uuid, name, signed from zone join signing on signing.zone_id = zone.id order by zone.id"
_KEYS = "select uuid, public_key, tag from zone join signing_key on signing_key.zone_id = zone.id"
