"""Compare whole zones that nameservers serve with the store, by digest: memory does not depend on their size.

This runs in a process of its own (`comparing_process.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.compiler import wire_records
from appliance.errors import ApplianceError, CommandError, CommandFailed, CommandTimeout
from appliance.keys import Key, KeyFile, present_key
from appliance.queries.wire_transfer import WireTransfers
from appliance.render.zone_file import Apex
from appliance.store import zones
from appliance.store.file.database import Store
from appliance.zones.delta import WireRecord
from appliance.zones.record_digest import RecordDigest

TIMEOUT = 10.0
"""Seconds to wait for each message of a transfer."""
_SERIAL_AT = -20
"""Where the serial is in the data of an SOA record, from its end (RFC 1035 section 3.3.13)."""


class ContentMatch(StrEnum):
    """What a comparison found; UNKNOWN: the zone changed meanwhile, is served at another serial, or not transferred."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StoredContent:
    """Where zones are stored, with what they are published, and the key that signs transfers."""

    store: Path
    apex: Apex
    transfer_key: Key | KeyFile


@dataclass(frozen=True, slots=True)
class ZoneComparison:
    """The verdict for one zone and nameserver, with the serial that was compared and a reason for the log."""

    uuid: UUID
    server: Nameserver
    serial: int
    verdict: ContentMatch
    reason: str = ""


def compare_zones(
    compared: Sequence[tuple[UUID, Sequence[Nameserver]]], source: StoredContent, store: Store
) -> Iterator[ZoneComparison]:
    """Yield a verdict for each of these zones and nameservers, over one connection to each nameserver.

    A nameserver that did not answer in time is not waited for again.
    """
    key = present_key(source.transfer_key)
    with ExitStack() as connections:
        transfers: dict[Nameserver, WireTransfers] = {}
        silent: dict[Nameserver, str] = {}
        for uuid, servers in compared:
            name, serial, stored = _stored(uuid, source, store)
            for server in servers:
                if server not in transfers:
                    transfers[server] = connections.enter_context(closing(WireTransfers(server, key, TIMEOUT)))
                verdict, reason = ContentMatch.UNKNOWN, silent.get(server, "the zone is deleted, or cannot be read")
                if stored and server not in silent:
                    try:
                        verdict, reason = _compare(transfers[server], name, serial, stored)
                    except CommandTimeout as failed:
                        reason = silent[server] = str(failed)
                    except CommandError as failed:
                        reason = str(failed)
                yield ZoneComparison(uuid, server, serial, verdict, reason)


def _stored(uuid: UUID, source: StoredContent, store: Store) -> tuple[Name, int, RecordDigest | None]:
    """Return name, serial and digest of the zone as it would be published; no digest if it is deleted or unreadable."""
    with store.reading():
        zone = zones.get_any(uuid)
        try:
            return zone.name, zone.serial, None if zone.deleted_at else _digest(wire_records(zone, source.apex))
        except ApplianceError:
            return zone.name, zone.serial, None


def _digest(records: Iterator[WireRecord]) -> RecordDigest:
    digest = RecordDigest()
    digest.add(records)
    return digest


def _compare(transfers: WireTransfers, name: Name, serial: int, stored: RecordDigest) -> tuple[ContentMatch, str]:
    served = transfers.transfer(name)
    soa = next(served)
    if _serial_of(soa) != serial:
        transfers.close()
        return ContentMatch.UNKNOWN, f"serial {_serial_of(soa)} is served"
    found = RecordDigest()
    found.add([soa])
    found.add(served)
    if found == stored:
        return ContentMatch.SAME, ""
    return ContentMatch.DIFFERS, f"{found.count} records are served and {stored.count} stored, or some differ"


def _serial_of(soa: WireRecord) -> int:
    try:
        (serial,) = struct.unpack_from("!I", soa.rdata, len(soa.rdata) + _SERIAL_AT)
    except struct.error:
        raise CommandFailed(("transfer",), "a malformed SOA record") from None
    return int(serial)
