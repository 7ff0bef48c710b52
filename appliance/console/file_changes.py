"""The text of a zone file as a diff of the zone, or its errors by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.console.drafts import MAX_CHANGES
from appliance.console.session import current_session
from appliance.editing import Diff
from appliance.editing.zone_import import ImportOptions
from appliance.errors import InputError, LinesRefused, RuleBroken
from appliance.web.context import context
from appliance.zones.model import Zone
from appliance.zones.zone_file_content import ZoneFile
from appliance.zones.zone_file_reader import read_zone_file

MAX_RECORDS = 10_000
"""Records of a file that a page reads, also by `$GENERATE`."""
MOST_ERRORS = 50
"""Errors that a page lists."""
_LINE = "line."


@dataclass(frozen=True, slots=True)
class LineError:
    """An error in a zone file: its line, what is wrong, and the text of the line."""

    line: int
    detail: str
    text: str = ""


class InvalidFile(Exception):
    """The zone file has these errors."""

    def __init__(self, errors: list[LineError]) -> None:
        super().__init__(errors[0].detail)
        self.errors = errors


def diff_of_file(zone: Zone, text: str, *, merge: bool, skip_refused: bool = False) -> Diff:
    """Return what the file would do to the zone: add what the zone lacks, or replace all of its records.

    Raise InvalidFile if the file has errors, InputError if a draft cannot hold what it would do.
    """
    options = ImportOptions(merge=merge, skip_refused=skip_refused, confirmed=True)
    try:
        _refuse_large(zone, read_zone_file(text, zone.name, limit=MAX_RECORDS), merge=merge)
        principal = current_session().principal
        return context().editor.import_zone_file(principal, zone.uuid, text, options=options, dry_run=True)
    except InputError as error:
        errors = list(_errors_of(error, text))
        if not errors:
            raise
        raise InvalidFile(errors) from None


def _refuse_large(zone: Zone, content: ZoneFile, *, merge: bool) -> None:
    """Raise InputError if the numbers of records show that the diff does not fit into a draft."""
    growth = len(content.records) - zone.record_count
    if growth > MAX_CHANGES or (-growth > MAX_CHANGES and not merge):
        raise InputError(
            f"the file has {len(content.records)} records and the zone {zone.record_count}: a draft holds at most "
            f"{MAX_CHANGES} changes. Use the call PUT /api/v1/dns-zones/{{zone}}/zonefile/ or the command "
            "dns-appliance zone import",
            "text",
        )


def _errors_of(error: InputError, text: str) -> Iterator[LineError]:
    """Yield the errors that name a line; there may be several."""
    match error:
        case LinesRefused(lines=lines):
            yield from (_error_at(one.line, one.detail, text) for one in lines)
        case RuleBroken(findings=findings):
            yield from (_error_at(line, one.detail, text) for one in findings if (line := _line_in(one.field)))
        case _ if line := _line_in(error.field):
            yield _error_at(line, str(error), text)


def _line_in(field: str | None) -> int:
    """Return the line that the field of an error names, 0 for none."""
    number = field.removeprefix(_LINE) if field and field.startswith(_LINE) else ""
    return int(number) if number.isdecimal() else 0


def _error_at(line: int, detail: str, text: str) -> LineError:
    lines = text.split("\n")
    return LineError(line, detail, lines[line - 1].strip() if 0 < line <= len(lines) else "")
