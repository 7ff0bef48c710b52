"""What the store that a restore replaces knows of the DNSSEC of its zones: it is newer than what a backup knows.

Rows are adopted as they are stored. The replaced store is only read; any release may have written it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from appliance.store import tables
from appliance.store.file import sqlite
from appliance.store.file.binding import CurrentDatabase
from appliance.zones.model import Zone

Columns = Mapping[str, object]
"""A stored row, without its zone."""


@dataclass(frozen=True, slots=True)
class ReplacedSigning:
    """The DNSSEC of a zone: `dnssec`, `signed` and `signed_serial` as in `Zone`, and its rows."""

    dnssec: bool = False
    signed: bool = False
    signed_serial: int | None = None
    row: Columns | None = None
    keys: list[Columns] = field(default_factory=list)


NEVER_SIGNED = ReplacedSigning()


def read_replaced(reader: sqlite.Connection) -> dict[UUID, ReplacedSigning]:
    """Return the DNSSEC of each zone that is or was signed; none if the release did not know it."""
    if not reader.execute("select 1 from sqlite_master where name = 'signing_key'").fetchall():
        return {}
    found = {
        int(str(row.pop("zone_id"))): ReplacedSigning(
            bool(row.pop("dnssec")), bool(row.pop("signed")), _serial(row.pop("signed_serial")), row
        )
        for row in _rows(reader, _SIGNING)
    }
    for key in _rows(reader, "select * from signing_key"):
        found[int(str(key.pop("zone_id")))].keys.append(key)
    uuids = reader.execute("select id, uuid from zone where id in (select zone_id from signing)")
    return {UUID(str(uuid)): found[int(str(number))] for number, uuid in uuids}


def adopt(zone: Zone, replaced: ReplacedSigning) -> None:
    """Store what the replaced store knew of the DNSSEC of this zone, and of its keys if it knew any."""
    number = tables.Zone.get(tables.Zone.uuid == zone.uuid).id
    if replaced.row:
        _insert("signing", {"zone_id": number, **replaced.row})
    if replaced.keys:
        tables.SigningKey.delete().where(tables.SigningKey.zone == number).execute()
    for key in replaced.keys:
        _insert("signing_key", {"zone_id": number, **key})


def forget_observations(now: datetime) -> None:
    """Have the deployer see again, soon, what the nameservers serve of each signed zone, and what it lacks."""
    tables.Signing.update(due_at=now, served={}, lacks_keys=False, is_stuck=False).execute()


def _insert(table: str, row: Columns) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    statement = f"insert or replace into {table} ({names}) values ({marks})"  # noqa: S608 - tables and columns of ours
    CurrentDatabase().execute_sql(statement, tuple(row.values()))


def _rows(reader: sqlite.Connection, query: str) -> list[dict[str, object]]:
    cursor = reader.cursor()
    cursor.execute(query)
    return [dict(zip((name for name, _ in cursor.get_description()), row, strict=True)) for row in cursor]


_SIGNING = "select dnssec, signed, signed_serial, signing.* from signing join zone on zone.id = zone_id"


def _serial(value: object) -> int | None:
    return None if value is None else int(str(value))
