"""The impact of a draft as rows of a table: what the records do not show by themselves first, and not too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.console.truncate import count_fitting, truncate
from appliance.zones.answer_changes import AnswerChange
from appliance.zones.impact_reasons import PLAIN
from appliance.zones.model import Zone
from appliance.zones.names import print_owner

MAX_ROWS = 50
MAX_RECORDS = 3
"""Records of an answer that a row shows."""
MAX_OCTETS = 10_000
"""Octets of all answers and sentences."""
MARKUP = 350
"""Octets of markup of a row."""


@dataclass(frozen=True, slots=True)
class ImpactRow:
    """A row; `before` and `after` are lines. `is_notable`: the changed records do not show this by themselves."""

    name: str
    rdtype: str
    before: Sequence[str]
    after: Sequence[str]
    detail: str
    is_notable: bool


@dataclass(frozen=True, slots=True)
class ImpactTable:
    """The rows that are shown, and the number of all."""

    rows: Sequence[ImpactRow]
    total: int


def impact_table(zone: Zone, impact: Sequence[AnswerChange] | None) -> ImpactTable | None:
    """Return the table, None if the impact was not computed."""
    if impact is None:
        return None
    ordered = sorted(impact, key=lambda change: change.why in PLAIN)
    rows = [_row(zone, change) for change in ordered[:MAX_ROWS]]
    texts = ("".join((row.name, *row.before, *row.after, row.detail)) for row in rows)
    return ImpactTable(rows[: count_fitting(texts, MAX_OCTETS, MARKUP)], len(impact))


def _row(zone: Zone, change: AnswerChange) -> ImpactRow:
    rdtype = "other types" if change.rdtype is None else change.rdtype.name
    before, after = _lines(change.before.content), _lines(change.after.content)
    name = truncate(print_owner(change.name, zone.name))
    return ImpactRow(name, rdtype, before, after, truncate(change.detail, 400), change.why not in PLAIN)


def _lines(content: str | list[str]) -> list[str]:
    if isinstance(content, str):
        return [content]
    more = [f"and {len(content) - MAX_RECORDS} more"] if len(content) > MAX_RECORDS else []
    return [truncate(line) for line in content[:MAX_RECORDS]] + more
