"""Prove that the content of a nameserver is that of the store: by the difference that it sends for a serial.

NOERROR for an UPDATE is no proof: BIND leaves out what it does not accept. A difference by IXFR (RFC 1995) from content
that is proven shows what was applied, at a cost that does not depend on the size of the zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Protocol
from uuid import UUID

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.compiler import derived_now, wire_records
from appliance.deploy.host import PrimaryHost
from appliance.errors import CommandError, CommandTimeout
from appliance.queries.difference import Difference, DifferenceClient
from appliance.render.zone_file import Apex
from appliance.store import deltas, deployments, zones
from appliance.store.deltas import ZoneDeltas
from appliance.store.file.database import Store
from appliance.zones.delta import WireRecord, net
from appliance.zones.deployment import reaches
from appliance.zones.names import print_domain


class ProofVerdict(StrEnum):
    """Whether the content is proven.

    What differs or cannot be proven is published again, by its file. A proof without an answer is repeated. One is
    superseded if newer content is about to be published, by its file, as after a doubt.
    """

    PROVEN = "proven"
    DIFFERS = "differs"
    UNPROVABLE = "unprovable"
    UNANSWERED = "unanswered"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class ContentProof:
    """The result for one zone: the serial that was served, and why it is not proven."""

    uuid: UUID
    name: Name
    verdict: ProofVerdict
    serial: int | None = None
    reason: str = ""


class DifferenceSource(Protocol):
    """Fetches from one nameserver what changed in a zone."""

    def fetch(self, zone: Name, serial: int) -> Difference:
        """Return what changed since that serial; raise CommandError if that fails."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves the content of one nameserver."""

    source: DifferenceSource
    apex: Apex
    store: Store

    def prove(self, uuid: UUID, name: Name, base: int | None) -> ContentProof:
        """Compare what changed since `base`, a serial at which the content is proven. Runs in a worker."""
        if base is None:
            return ContentProof(uuid, name, ProofVerdict.SUPERSEDED, reason="no content of the primary is known")
        try:
            served = self.source.fetch(name, base)
        except CommandTimeout as failed:
            return ContentProof(uuid, name, ProofVerdict.UNANSWERED, reason=str(failed))
        except CommandError as failed:
            return ContentProof(uuid, name, ProofVerdict.UNPROVABLE, reason=str(failed))
        with self.store.reading():  # later than the answer: what is served was committed before
            verdict, reason = self._judge(uuid, base, served)
        return ContentProof(uuid, name, verdict, served.serial, reason)

    def _judge(self, uuid: UUID, base: int, served: Difference) -> tuple[ProofVerdict, str]:
        """Return the verdict on what the nameserver changed since the base."""
        if served.soa.rdata.lower() != self.apex.soa.rdata(served.serial).lower():
            return ProofVerdict.UNPROVABLE, "its SOA is not that of the settings"
        found = deltas.since(uuid, base, self.apex.servers)
        if served.serial != base and served.serial not in {version.serial for version in found.versions}:
            return _without_version(found, served.serial)
        if served.records is not None:
            return self._judge_whole(uuid, served.serial, served.records)
        steps = [one.delta for one in found.versions if served.serial != base and reaches(served.serial, one.serial)]
        expected = net(steps)
        return _compared(
            {*_marked(expected.removed, "removed"), *_marked(expected.added, "added")},
            {*_marked(served.delta.removed, "removed"), *_marked(served.delta.added, "added")},
        )

    def _judge_whole(self, uuid: UUID, serial: int, records: frozenset[WireRecord]) -> tuple[ProofVerdict, str]:
        """Return the verdict on a whole zone: a small one, or one of which much changed."""
        since = deltas.since(uuid, serial, self.apex.servers)
        if since.reason and not since.versions:
            return ProofVerdict.UNPROVABLE, str(since.reason)
        zone = zones.get_any(uuid)
        present = {one for one in wire_records(zone, self.apex) if one.rdtype != RdataType.SOA}
        expected = net(version.delta for version in since.versions).inverse().apply(present)
        compared = _compared(_marked(expected - records, "missing"), _marked(records - expected, "served"))
        published = deployments.publication_of(uuid)
        if compared[0] is ProofVerdict.DIFFERS and published and published.derived != derived_now(zone, self.apex):
            return ProofVerdict.UNPROVABLE, "its zone file was published with other settings"
        return compared


def prover_of(host: PrimaryHost, store: Store) -> Prover:
    """Return the prover of the primary's content."""
    client = DifferenceClient(host.local_endpoint, host.transfer_key, partial(datetime.now, UTC))
    return Prover(client, host.apex, store)


def _without_version(found: ZoneDeltas, serial: int) -> tuple[ProofVerdict, str]:
    """Return the verdict on a serial that is not among the versions since the base."""
    if found.versions or not found.reason:
        return ProofVerdict.DIFFERS, f"it serves serial {serial}, which is no version of the zone"
    if serial != found.serial:
        return ProofVerdict.SUPERSEDED, str(found.reason)
    return ProofVerdict.UNPROVABLE, str(found.reason)


def _marked(records: Iterable[WireRecord], mark: str) -> set[tuple[str, WireRecord]]:
    return {(mark, record) for record in records}


def _compared(expected: set[tuple[str, WireRecord]], served: set[tuple[str, WireRecord]]) -> tuple[ProofVerdict, str]:
    if expected == served:
        return ProofVerdict.PROVEN, ""
    wrong = expected ^ served
    mark, record = min(wrong)
    owner, rdtype = dns.name.from_wire(record.owner, 0)[0], RdataType(record.rdtype).name
    return ProofVerdict.DIFFERS, f"{len(wrong)} records differ, among them {print_domain(owner)} {rdtype} ({mark})"
