"""What an import did with each zone, and the report at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from appliance.imports.source import Note


class Outcome(Enum):
    """What was done with a zone."""

    IMPORTED = "imported"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ZoneResult:
    """What was done with one zone; in a dry run, what would be done.

    `reasons` say why it was refused, `skipped` which records were left out because they were refused. `added`,
    `changed` and `removed` are numbers of records.
    """

    domain: str
    where: str
    outcome: Outcome
    serial: int | None = None
    added: int = 0
    changed: int = 0
    removed: int = 0
    reasons: Sequence[Note] = ()
    skipped: Sequence[Note] = ()
    passed_over: Sequence[Note] = ()
    notes: Sequence[Note] = ()


@dataclass(slots=True)
class Report:
    """The results of an import; `passed_over` and `refused` are parts of sources that are no zone."""

    results: list[ZoneResult] = field(default_factory=list)
    passed_over: Sequence[Note] = ()
    refused: Sequence[Note] = ()
    dry_run: bool = False
    interrupted: bool = False

    @property
    def counts(self) -> Counter[Outcome]:
        """Return the number of zones by outcome."""
        return Counter(one.outcome for one in self.results)

    @property
    def is_complete(self) -> bool:
        """Return whether every zone is in."""
        return not (self.interrupted or self.refused or self.counts[Outcome.REFUSED])
