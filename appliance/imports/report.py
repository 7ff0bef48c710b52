"""The report of an import, as text for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from appliance.imports.results import Outcome, Report, ZoneResult
from appliance.imports.source import Note, counted

MAX_REASONS = 20
"""Reasons of one zone that the text shows."""
MAX_PLACES = 3
"""Places with the same note that the text shows."""
MAX_ZONES = 20
"""Zones that the text lists one by one."""


def document(report: Report) -> dict[str, object]:
    """Return the whole report for `--json`."""
    return {
        "dry_run": report.dry_run,
        "interrupted": report.interrupted,
        "counts": {outcome.value: report.counts[outcome] for outcome in Outcome},
        "zones": [_zone(one) for one in report.results],
        "passed_over": _notes(report.passed_over),
        "refused": _notes(report.refused),
    }


def text_lines(report: Report) -> Iterator[str]:
    """Yield the lines of the report: what was done, what was passed over, and at the end what was refused and why."""
    done = [one for one in report.results if one.outcome is not Outcome.REFUSED]
    if len(done) <= MAX_ZONES:
        yield from map(_line, done)
    yield from _section("passed over", [*report.passed_over, *_all(one.passed_over for one in report.results)])
    yield from _section("note", _all(one.notes for one in report.results))
    yield from _section("left out because it is refused", _all(one.skipped for one in report.results))
    for note in report.refused:
        yield f"refused: {_detail(note)}"
    for one in report.results:
        if one.outcome is Outcome.REFUSED:
            yield from _refused(one)
    counts = ", ".join(f"{report.counts[outcome]} {outcome.value}" for outcome in Outcome)
    yield f"{counted(len(report.results), 'zone')}{' in this dry run' if report.dry_run else ''}: {counts}"
    if report.interrupted:
        yield "interrupted: run the same command again to continue"


def _line(one: ZoneResult) -> str:
    if one.outcome is Outcome.UNCHANGED:
        return f"{one.domain} unchanged, serial {one.serial}"
    serial = "" if one.serial is None else f", serial {one.serial}"
    counts = f"{counted(one.added, 'record')} added, {one.changed} changed, {one.removed} removed"
    return f"{one.domain} {one.outcome.value}{serial}: {counts}"


def _refused(one: ZoneResult) -> Iterator[str]:
    yield f"refused: {one.domain} ({one.where})"
    for note in one.reasons[:MAX_REASONS]:
        yield f"  {_detail(note)}"
    if len(one.reasons) > MAX_REASONS:
        yield f"  and {len(one.reasons) - MAX_REASONS} more; --json prints all"


def _section(heading: str, notes: Iterable[Note]) -> Iterator[str]:
    """Yield each text once, with the places that it is about."""
    places: dict[str, list[str]] = {}
    for note in notes:
        places.setdefault(note.text, []).append(note.where)
    for text, found in places.items():
        more = f" and {len(found) - MAX_PLACES} more" if len(found) > MAX_PLACES else ""
        yield f"{heading}: {text}: {', '.join(found[:MAX_PLACES])}{more}"


def _detail(note: Note) -> str:
    """Return place and reason; a reason that begins with its place is shown alone."""
    return note.text if note.text.startswith(note.where) else f"{note.where}: {note.text}"


def _all(lists: Iterable[Sequence[Note]]) -> Iterator[Note]:
    return (note for notes in lists for note in notes)


def _zone(one: ZoneResult) -> dict[str, object]:
    return {
        "domain": one.domain,
        "source": one.where,
        "outcome": one.outcome.value,
        "serial": one.serial,
        "added": one.added,
        "changed": one.changed,
        "removed": one.removed,
        "reasons": _notes(one.reasons),
        "left_out": _notes(one.skipped),
        "passed_over": _notes(one.passed_over),
        "notes": _notes(one.notes),
    }


def _notes(notes: Iterable[Note]) -> list[dict[str, str]]:
    return [{"where": note.where, "detail": note.text} for note in notes]
