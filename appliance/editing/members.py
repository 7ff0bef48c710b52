"""The records of one RRset in a change set; the cost of a change does not depend on their number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from appliance.zones.model import Record, RRset


@dataclass(slots=True)
class Members:
    """The records of one RRset, which share one TTL: that of the record that was put last.

    `ttl` is None while no record was put and there are no stored ones, or their TTLs differ. `ttl_changed`: the TTL is
    not the stored one; records get it when they are read.
    """

    records: dict[UUID, Record]
    now: datetime
    ttl: int | None = None
    ttl_changed: bool = False

    @classmethod
    def of(cls, stored: Iterable[Record], now: datetime) -> Members:
        """Return the members of a stored RRset."""
        records = {record.uuid: record for record in stored}
        ttls = {record.ttl for record in records.values()}
        return cls(records, now, ttls.pop() if len(ttls) == 1 else None)

    def put(self, record: Record) -> list[Record]:
        """Add or replace a record; return the others, as stored, if their TTL changes with it for the first time."""
        self.records[record.uuid] = record
        if record.ttl == self.ttl:
            return []
        others = [] if self.ttl_changed else [one for one in self.records.values() if one is not record]
        self.ttl, self.ttl_changed = record.ttl, True
        return others

    def get(self, uuid: UUID) -> Record:
        """Return a record with the current TTL."""
        record = self.records[uuid]
        if not self.ttl_changed or self.ttl is None or record.ttl == self.ttl:
            return record
        return replace(record, ttl=self.ttl, updated_at=self.now)

    def all(self) -> Iterator[Record]:
        """Return all records with the current TTL, in the order in which they were added."""
        return map(self.get, self.records)

    def rrset(self) -> RRset | None:
        """Return all records with the current TTL as an RRset, None without any."""
        records = tuple(sorted(self.all(), key=lambda record: record.wire))
        return RRset(records[0].owner, records[0].rdtype, records) if records else None

    def ttl_beside(self, uuids: Collection[UUID]) -> int | None:
        """Return the TTL of the records other than those, or None if there are none."""
        return next((self.get(other).ttl for other in self.records if other not in uuids), None)
