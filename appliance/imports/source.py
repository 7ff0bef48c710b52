"""What every kind of source yields: zones that are read one at a time, and what it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from appliance.editing import RecordInput


def counted(number: int, noun: str) -> str:
    """Return the number with the noun, in the plural unless it is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is left out, refused, or worth knowing: `where` is a file with its line, or a server."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record of a source, unparsed, and where it is from."""

    where: str
    record: RecordInput


@dataclass(frozen=True, slots=True)
class ZoneData:
    """A zone as a source has it. Names of records are absolute, with the final dot.

    `serial` is the one that the source serves, `default_ttl` its TTL for records without one; None if it has none.
    `refused` are records that cannot be read, `passed_over` those that the appliance derives itself, `notes` what else
    the operator should know.
    """

    records: Sequence[SourceRecord]
    serial: int | None = None
    default_ttl: int | None = None
    refused: Sequence[Note] = ()
    passed_over: Sequence[Note] = ()
    notes: Sequence[Note] = ()


@dataclass(frozen=True, slots=True)
class SourceZone:
    """A zone of a source: its domain as the source writes it, and a function that reads it.

    `load` raises ApplianceError or OSError if the zone cannot be read.
    """

    domain: str
    where: str
    load: Callable[[], ZoneData]


@dataclass(slots=True)
class Source:
    """The zones of one or more sources, what is left out of them, and what cannot be read, with the reason."""

    zones: list[SourceZone] = field(default_factory=list)
    passed_over: list[Note] = field(default_factory=list)
    refused: list[Note] = field(default_factory=list)

    def pass_over(self, where: object, reason: str) -> None:
        """Leave something out."""
        self.passed_over.append(Note(str(where), reason))

    def refuse(self, where: object, reason: str) -> None:
        """Report something that cannot be read."""
        self.refused.append(Note(str(where), reason))

    def extend(self, other: Source) -> None:
        """Add all of another source."""
        self.zones += other.zones
        self.passed_over += other.passed_over
        self.refused += other.refused
