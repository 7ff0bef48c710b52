"""The import of a zone file: the records of the zone become those of the file.

The file is read and its values are parsed before the snapshot of the store is opened, once for all evaluations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import dns.name
from dns.name import Name

from appliance.editing.access import check_whole_zone
from appliance.editing.change_set import ChangeSet
from appliance.editing.diff import Diff
from appliance.editing.left_out import leave_out_refused
from appliance.editing.parser import Parser
from appliance.editing.replace_all import Key, key_of, replace_all
from appliance.editing.requests import RecordInput, check_ttl
from appliance.errors import ConfirmationRequired, InputError, LinesRefused, RefusedLine
from appliance.principal import Principal
from appliance.render.zone_file import Apex, delegation_lines, managed_lines
from appliance.store import delegations
from appliance.store.occluded import at_child_zones
from appliance.zones.model import Zone
from appliance.zones.passed_over import passed_over
from appliance.zones.zone_file_content import PassedOver
from appliance.zones.zone_file_reader import RecordKey, read_zone_file, record_keys
from appliance.zones.zone_warning import ZoneWarning

CONFIRMED_SHARE = 0.3
"""Share of a zone's records that an import removes only with a confirmation."""
CONFIRMED_RECORDS = 10
"""A zone of fewer records needs no confirmation."""


def removes_much(diff: Diff) -> bool:
    """Return whether the diff removes so many of the records that this has to be confirmed."""
    count = diff.before.record_count
    return count >= CONFIRMED_RECORDS and len(diff.removed) > CONFIRMED_SHARE * count


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is imported.

    `merge`: add what the file has and remove nothing. `skip_refused`: leave out the lines that are refused, with a
    warning for each. `confirmed`: remove however many records.
    """

    merge: bool = False
    skip_refused: bool = False
    confirmed: bool = False


REPLACE = ImportOptions()
"""The zone has the records of the file and no others; every line must be valid."""


@dataclass(slots=True)
class ZoneImport:
    """A zone file that is imported: call `begin` on a snapshot, `read` without one, and `fill` on the next one."""

    text: str
    principal: Principal
    parser: Parser
    options: ImportOptions
    origin: Name = dns.name.root
    derived: frozenset[RecordKey] | None = None
    records: list[RecordInput] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    left_out: list[RefusedLine] = field(default_factory=list)

    def begin(self, zone: Zone, apex: Apex) -> frozenset[RecordKey]:
        """Return the keys of the records that the appliance derives; raise NotPermitted."""
        check_whole_zone(self.principal, zone, "import a zone file")
        self.origin = zone.name
        children = delegations.of_zone(zone)
        delegated = [line for child in children for line in delegation_lines(child.name, apex, child.ds)]
        return record_keys(managed_lines(zone.name, 0, apex, delegated))

    def read(self, derived: frozenset[RecordKey]) -> None:
        """Read the file, unless that was done with the same derived records; raise LinesRefused."""
        if derived == self.derived:
            return
        found = read_zone_file(self.text, self.origin, derived)
        self.derived, self.passed_over, self.refused = derived, list(found.passed_over), list(found.refused)
        self.records, self.lines = [], []
        seen: set[Key] = set()
        for one in found.records:
            requested = RecordInput(one.record_type, one.name, one.value, one.ttl, one.priority)
            try:
                check_ttl(one.ttl or 0, "ttl")
                key = key_of(self.parser, requested, self.origin)
            except InputError as refused:
                self.refused.append(RefusedLine(one.line, str(refused)))
                continue
            if key not in seen:  # BIND reads a record that is there twice as one
                seen.add(key)
                self.records.append(requested)
                self.lines.append(one.line)
        self._refuse(self.refused)

    def fill(self, change_set: ChangeSet) -> None:
        """Replace the records of the change set with those of the file; raise LinesRefused."""
        self.read(self.begin(change_set.zone, change_set.apex))
        change_set.steps.lines = self.lines
        kept = {record.uuid for record in change_set.load_all()} if self.options.merge else _hidden(change_set)
        excess = [RefusedLine(self.lines[at], why) for at, why in replace_all(change_set, self.records, kept)]
        self._refuse(excess)
        self.left_out = excess
        if self.options.skip_refused:
            self.left_out += leave_out_refused(change_set, self.lines, kept)

    def check(self, diff: Diff, _result: None = None) -> None:
        """Raise ConfirmationRequired if the import removes many of the records, and is not confirmed."""
        if not self.options.confirmed and removes_much(diff):
            removed, count = len(diff.removed), diff.before.record_count
            raise ConfirmationRequired(
                f"this file would remove {removed} of the {count} records: repeat the request with confirm=true"
            )

    def warnings(self) -> Iterator[ZoneWarning]:
        """Yield what the import left out."""
        for one in self.passed_over:
            what = f"line {one.line}: {one.record_type}" + (f" and {one.count - 1} more" if one.count > 1 else "")
            yield passed_over(one.name, what, one.reason)
        for refused in sorted([*self.refused, *self.left_out], key=lambda refused: refused.line):
            remedy = "correct the line and import the file again"
            yield passed_over(self.origin, f"line {refused.line}", refused.detail, remedy)

    def _refuse(self, refused: list[RefusedLine]) -> None:
        if refused and not self.options.skip_refused:
            raise LinesRefused(sorted(refused, key=lambda one: one.line))


def _hidden(change_set: ChangeSet) -> set[UUID]:
    """Return the records that are stored but in no zone file, since a child zone hides them."""
    return {record.uuid for record in at_child_zones(change_set.zone, change_set.servers)[0]}
