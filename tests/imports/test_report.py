"""The report of an import."""

from __future__ import annotations

import json

from appliance.imports.report import MAX_REASONS, MAX_ZONES, document, text_lines
from appliance.imports.results import Outcome, Report, ZoneResult
from appliance.imports.source import Note


def result(number: int, outcome: Outcome = Outcome.IMPORTED, reasons: int = 0) -> ZoneResult:
    found = [Note(f"{number}.zone:{at}", f"reason {at}") for at in range(reasons)]
    return ZoneResult(f"z{number}.example", f"{number}.zone", outcome, 7, 3, 2, 1, found, notes=[Note("x", "same")])


def test_many_zones_are_counted_and_equal_notes_joined() -> None:
    report = Report([result(number) for number in range(MAX_ZONES + 1)], [Note("a", "b")], dry_run=True)
    assert list(text_lines(report)) == [
        "passed over: b: a",
        "note: same: x, x, x and 18 more",
        "21 zones in this dry run: 21 imported, 0 updated, 0 unchanged, 0 refused",
    ]
    assert report.is_complete


def test_few_zones_are_listed_and_refused_ones_come_last() -> None:
    refused = result(2, Outcome.REFUSED, MAX_REASONS + 2)
    report = Report([refused, result(1), result(3, Outcome.UNCHANGED)], interrupted=True)
    lines = list(text_lines(report))
    assert lines[:2] == [
        "z1.example imported, serial 7: 3 records added, 2 changed, 1 removed",
        "z3.example unchanged, serial 7",
    ]
    assert lines[-5:] == [
        "  2.zone:18: reason 18",
        "  2.zone:19: reason 19",
        "  and 2 more; --json prints all",
        "3 zones: 1 imported, 0 updated, 1 unchanged, 1 refused",
        "interrupted: run the same command again to continue",
    ]
    assert not report.is_complete


def test_a_serial_that_is_not_known_yet_is_not_shown() -> None:
    planned = ZoneResult("z1.example", "1.zone", Outcome.IMPORTED, None, 3)
    line = next(text_lines(Report([planned], dry_run=True)))
    assert line == "z1.example imported: 3 records added, 0 changed, 0 removed"


def test_the_document_has_everything() -> None:
    report = Report([result(1, Outcome.REFUSED, 30)], refused=[Note("bad.zone", "its domain is unknown")])
    shown = json.loads(json.dumps(document(report)))
    assert shown["counts"] == {"imported": 0, "updated": 0, "unchanged": 0, "refused": 1}
    assert len(shown["zones"][0]["reasons"]) == 30
    assert shown["refused"] == [{"where": "bad.zone", "detail": "its domain is unknown"}]
    assert not report.is_complete
