"""What a zone file says: its records, each with its line, and what of it cannot be a record here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dns.name import Name

from appliance.errors import RefusedLine


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A record of the file, with the fields of a request; `name` is absolute. `ttl` is None if the file has none."""

    line: int
    record_type: str
    name: str
    value: str
    ttl: int | None
    priority: int | None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Records of one type that an import leaves out: their number, the line and owner of the first, and the reason."""

    line: int
    name: Name
    record_type: str
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class ZoneFile:
    """What a zone file says; `serial` is that of its SOA, `default_ttl` the first `$TTL`, None if there is none."""

    records: Sequence[FileRecord]
    refused: Sequence[RefusedLine]
    passed_over: Sequence[PassedOver]
    serial: int | None
    default_ttl: int | None
