"""The records of one set while a change set is filled: each change of it costs the same, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from appliance.zones.model import Record


@dataclass(slots=True)
class Members:
    """A set, whose records share one TTL: that of the record that was put last.

    `ttl` is None while no record has been put and the stored ones differ, or there are none. A record is given
    the common TTL when it is read, not when another record brings it.
    """

    records: dict[UUID, Record]
    now: datetime
    ttl: int | None = None
    has_moved: bool = False

    @classmethod
    def of(cls, stored: Iterable[Record], now: datetime) -> Members:
        """Return a set as it is stored."""
        records = {record.uuid: record for record in stored}
        ttls = {record.ttl for record in records.values()}
        return cls(records, now, ttls.pop() if len(ttls) == 1 else None)

    def put(self, record: Record) -> list[Record]:
        """Put a record; the records whose TTL follows it for the first time, as they were stored."""
        self.records[record.uuid] = record
        if record.ttl == self.ttl:
            return []
        followers = [] if self.has_moved else [one for one in self.records.values() if one is not record]
        self.ttl, self.has_moved = record.ttl, True
        return followers

    def get(self, uuid: UUID) -> Record:
        """Return a record as it is now."""
        record = self.records[uuid]
        if not self.has_moved or self.ttl is None or record.ttl == self.ttl:
            return record
        return replace(record, ttl=self.ttl, updated_at=self.now)

    def all(self) -> Iterator[Record]:
        """Return every record as it is now, in the order in which they were put."""
        return map(self.get, self.records)

    def ttl_beside(self, uuid: UUID) -> int | None:
        """Return the TTL of the other records than that one; None when there are none."""
        return next((self.get(other).ttl for other in self.records if other != uuid), None)
