"""Compare whole zones that nameservers serve with the store, by digest: memory does not depend on their size.

This runs in a process of its own (`comparing_process.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from appliance.addresses import Nameserver
from appliance.compiler import wire_records
from appliance.deploy.verification.proof import ProofVerdict, Prover
from appliance.errors import ApplianceError, CommandTimeout
from appliance.keys import Key, KeyFile
from appliance.queries.difference import DifferenceClient, soa_serial
from appliance.queries.transfer_connection import TransferConnection
from appliance.queries.wire_transfer import transfer_records
from appliance.render.zone_file import Apex
from appliance.store import zones
from appliance.store.file.database import Store
from appliance.zones.delta import WireRecord
from appliance.zones.record_digest import RecordDigest
from appliance.zones.signed_content import content_number, content_of

TIMEOUT = 10.0
"""Seconds to wait for each message of a transfer."""


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


class ToCompare(NamedTuple):
    """A zone and the nameservers on which it is compared: as a whole, or only with what changed since `base`.

    `base` is a serial at which the content of these nameservers is known to be that of the store.
    """

    uuid: UUID
    servers: Sequence[Nameserver]
    base: int | None = None


def compare_zones(compared: Iterable[ToCompare], source: StoredContent, store: Store) -> Iterator[ZoneComparison]:
    """Yield a verdict for each of these zones and nameservers, over one connection to each nameserver.

    A nameserver that did not answer in time is not waited for again. A difference that proves nothing leads to the
    comparison of the whole zone.
    """
    with ExitStack() as stack:
        links: dict[Nameserver, _Link] = {}
        for one in compared:
            stored = _Stored(one.uuid, source, store)
            for server in one.servers:
                if server not in links:
                    links[server] = stack.enter_context(closing(_Link(server, source, store)))
                verdict, reason = links[server].compare(stored, one.base)
                yield ZoneComparison(one.uuid, server, stored.serial, verdict, reason)


class _Stored:
    """A zone as it is stored; its records are read when they are needed."""

    def __init__(self, uuid: UUID, source: StoredContent, store: Store) -> None:
        self._source, self._store = source, store
        self._digest: RecordDigest | None = None
        zone = zones.get_any(uuid)
        self.uuid, self.name, self.serial, self.deleted = uuid, zone.name, zone.serial, zone.deleted_at is not None
        self.signed = zone.signed

    def digest(self) -> RecordDigest:
        """Return the digest of what is published of it; raise ApplianceError if it cannot be read.

        Of a signed zone it has the content without the SOA, whose serial is named's.
        """
        if self._digest is None:
            with self._store.reading():
                zone, self._digest = zones.get_any(self.uuid), RecordDigest()
                self.serial, self.signed = zone.serial, zone.signed
                records = wire_records(zone, self._source.apex)
                self._digest.add(content_of(records) if zone.signed else records)
        return self._digest


class _Link:
    """One nameserver, over a connection for each kind of transfer."""

    def __init__(self, server: Nameserver, source: StoredContent, store: Store) -> None:
        endpoint, key, clock = server.endpoint, source.transfer_key, partial(datetime.now, UTC)
        self._whole = TransferConnection(endpoint, key, clock, TIMEOUT)
        self._prover = Prover(DifferenceClient(endpoint, key, clock, TIMEOUT), source.apex, store)
        self._silence = ""

    def close(self) -> None:
        """Close the connections."""
        self._whole.close()
        self._prover.source.close()

    def compare(self, stored: _Stored, base: int | None) -> tuple[ContentMatch, str]:
        """Return the verdict on one zone, with its reason."""
        if self._silence or stored.deleted:
            return ContentMatch.UNKNOWN, self._silence or "the zone is deleted"
        try:
            if base is not None and not stored.signed:
                proof = self._prover.prove(stored.uuid, stored.name, base)
                if proof.verdict in _MATCHES:
                    stored.serial = proof.serial or stored.serial
                    return _MATCHES[proof.verdict], proof.reason
            return self._compare_whole(stored)
        except CommandTimeout as failed:
            self._silence = str(failed)
            return ContentMatch.UNKNOWN, self._silence
        except (ApplianceError, ValueError) as failed:
            return ContentMatch.UNKNOWN, str(failed)

    def _compare_whole(self, stored: _Stored) -> tuple[ContentMatch, str]:
        expected, found = stored.digest(), RecordDigest()
        served = transfer_records(self._whole, stored.name)
        soa = next(served)
        if stored.signed:
            number = _add_content(found, served)
            if number != stored.serial:
                return ContentMatch.UNKNOWN, f"content number {number} is served"
        elif soa_serial(soa) != stored.serial:
            self._whole.close()
            return ContentMatch.UNKNOWN, f"serial {soa_serial(soa)} is served"
        else:
            found.add([soa])
            found.add(served)
        if found == expected:
            return ContentMatch.SAME, ""
        return ContentMatch.DIFFERS, f"{found.count} records are served and {expected.count} stored, or some differ"


def _add_content(found: RecordDigest, served: Iterable[WireRecord]) -> int | None:
    """Add the content of a signed zone to the digest; return its content number, None if it has none."""
    numbers = list[int]()

    def noted() -> Iterator[WireRecord]:
        for record in served:
            number = content_number(record)
            if number is not None:
                numbers.append(number)
            yield record

    found.add(content_of(noted()))
    return numbers[0] if len(numbers) == 1 else None


_MATCHES = {ProofVerdict.PROVEN: ContentMatch.SAME, ProofVerdict.DIFFERS: ContentMatch.DIFFERS}
"""What the verdict on a difference says; another one says nothing."""
