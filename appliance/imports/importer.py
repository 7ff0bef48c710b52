"""Import of zones: each is stored in one transaction of its own, so that an import may be killed and run again.

A zone that the appliance has with the same records is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from dns.name import Name

from appliance.editing import Diff, Editor, RecordInput, ZoneContent
from appliance.editing.requests import MAX_COMMENT
from appliance.editing.zone_import import CONFIRMED_RECORDS, CONFIRMED_SHARE
from appliance.errors import CommandError, Conflict, InputError, StateError
from appliance.imports.content import own_records
from appliance.imports.refusals import refused_by
from appliance.imports.results import Outcome, ZoneResult
from appliance.imports.source import Note, SourceZone, ZoneData
from appliance.principal import Principal
from appliance.store import delegations, zones
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, print_domain
from appliance.zones.serial import is_later

MAX_ATTEMPTS = 50
"""How often a zone is tried again without the records that its rules refuse."""


class Existing(Enum):
    """What is done with a zone that exists and has other records."""

    REFUSE = "refuse"
    MERGE = "merge"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Choices:
    """How zones are imported. `confirmed`: large removals are permitted. `keep_ns`: NS records of the apex are kept."""

    existing: Existing = Existing.REFUSE
    skip_refused: bool = False
    confirmed: bool = False
    keep_ns: bool = True
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a write did: the zone after it, and what changed."""

    zone: Zone
    outcome: Outcome
    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(slots=True)
class Importer:
    """Imports zones with an editor, each for the principal that `owner` returns for its name."""

    editor: Editor
    owner: Callable[[Name], Principal]
    choices: Choices = field(default_factory=Choices)
    _seen: dict[Name, str] = field(default_factory=dict)
    _planned: set[Name] = field(default_factory=set)

    def run(self, sources: Sequence[SourceZone]) -> Iterator[ZoneResult]:
        """Import the zones and yield the result of each; zones below others come before them.

        The zone above delegates them without records of its own, which are passed over.
        """
        for one in sorted(sources, key=_depth, reverse=True):
            yield self.import_zone(one)

    def import_zone(self, source: SourceZone) -> ZoneResult:
        """Import one zone and return what was done; raise StoreError if the store cannot be used."""
        result = ZoneResult(source.domain, source.where, Outcome.REFUSED)
        try:
            origin = parse_domain(source.domain)
            result = replace(result, domain=print_domain(origin))
            refuse_repeated(self._seen, origin, source.where)
            principal = self.owner(origin)
            children = self._children(origin, principal)
            data = own_records(source.load(), origin, self.editor.apex, children, keep_ns=self.choices.keep_ns)
        except (InputError, StateError, CommandError, OSError) as refused:
            return replace(result, reasons=[Note(source.where, str(refused))])
        return self._store(origin, principal, data, result)

    def _children(self, origin: Name, principal: Principal) -> Collection[Name]:
        """Return the zones below this one that it delegates by itself; in a dry run those to come too."""
        uuids = delegations.zones_below(origin, principal.account.uuid)
        below = delegations.zones_among((zones.get_any(uuid).name for uuid in uuids), principal.account.uuid)
        return below | {name for name in self._planned if name != origin and name.is_subdomain(origin)}

    def _store(self, origin: Name, principal: Principal, data: ZoneData, result: ZoneResult) -> ZoneResult:
        """Store the zone, without refused records if that is chosen; return the result."""
        records, refused = list(data.records), list(data.refused)
        result = replace(result, passed_over=data.passed_over, notes=data.notes)
        for _ in range(MAX_ATTEMPTS):
            if refused and not self.choices.skip_refused:
                return replace(result, reasons=refused)
            try:
                stored = self._write(origin, principal, replace(data, records=records), result.where)
            except InputError as error:
                found = refused_by(error, records, result.where, origin)
                refused += found.values()
                if None in found:
                    return replace(result, reasons=refused)
                records = [one for index, one in enumerate(records) if index not in found]
            except (StateError, OSError) as error:
                return replace(result, reasons=[Note(result.where, str(error))])
            else:
                return self._done(stored, data, replace(result, skipped=refused))
        return replace(result, reasons=refused)

    def _done(self, stored: _Stored, data: ZoneData, result: ZoneResult) -> ZoneResult:
        zone, notes = stored.zone, list(result.notes)
        if self.choices.dry_run:
            self._planned.add(zone.name)
        if data.serial is not None and not self._follows(stored, data.serial):
            detail = f"its serial {zone.serial} is not later than {data.serial} of the source"
            notes.append(Note(result.domain, f"{detail}: secondaries of the old server do not follow"))
        return replace(
            result,
            outcome=stored.outcome,
            serial=zone.serial,
            added=stored.added,
            changed=stored.changed,
            removed=stored.removed,
            notes=notes,
        )

    def _follows(self, stored: _Stored, serial: int) -> bool:
        """Return whether secondaries of a server with that serial follow this one: it is earlier, or all is equal."""
        is_equal = stored.zone.serial == serial and stored.outcome is Outcome.UNCHANGED
        is_same_zone = is_equal and self.choices.existing is not Existing.MERGE
        return stored.outcome is Outcome.IMPORTED or is_same_zone or is_later(stored.zone.serial, serial)

    def _write(self, origin: Name, principal: Principal, data: ZoneData, where: str) -> _Stored:
        """Create or change the zone; raise InputError or StateError if that is refused."""
        existing = zones.get_by_name(origin)
        if existing:
            return self._change(existing, principal, [one.record for one in data.records], where)
        content = ZoneContent(
            [one.record for one in data.records],
            default_ttl=data.default_ttl,
            serial=data.serial,
            max_records=None,
        )
        zone = self.editor.create_zone(principal, print_domain(origin), content, dry_run=self.choices.dry_run)
        return _Stored(zone, Outcome.IMPORTED, added=zone.record_count)

    def _change(self, zone: Zone, principal: Principal, records: list[RecordInput], where: str) -> _Stored:
        """Replace or merge the records of a zone that exists, unless it has them already."""
        if zone.account != principal.account.uuid:
            raise Conflict("the zone exists on another account")
        merge = self.choices.existing is Existing.MERGE
        diff = self.editor.replace_records(principal, zone.uuid, records, dry_run=True, merge=merge)
        if not diff.changes:
            return _Stored(zone, Outcome.UNCHANGED)
        self._check(diff)
        if not self.choices.dry_run:
            editor = replace(self.editor, precondition=_only(zone))
            diff = editor.replace_records(principal, zone.uuid, records, _comment(where), merge=merge)
        return _Stored(diff.after, Outcome.UPDATED, len(diff.added), len(diff.changed), len(diff.removed))

    def _check(self, diff: Diff) -> None:
        """Raise Conflict unless it was chosen to change zones that exist, by that much."""
        added, changed, removed = len(diff.added), len(diff.changed), len(diff.removed)
        if self.choices.existing is Existing.REFUSE and diff.before.record_count:
            raise Conflict(
                f"the zone exists with other records: {added} would be added, {changed} changed, {removed} removed; "
                "use --merge or --replace"
            )
        count = diff.before.record_count
        if count >= CONFIRMED_RECORDS and removed > CONFIRMED_SHARE * count and not self.choices.confirmed:
            raise Conflict(f"{removed} of the zone's {count} records would be removed: use --confirm")


def refuse_repeated(seen: dict[Name, str], origin: Name, where: str) -> None:
    """Add the zone to those that were seen, with the place where it is from; raise InputError if it is among them."""
    if origin in seen:
        raise InputError(f"this zone is in {seen[origin]} too")
    seen[origin] = where


def _depth(source: SourceZone) -> int:
    return source.domain.removesuffix(".").count(".")


def _only(before: Zone) -> Callable[[Zone | Record], None]:
    """Return a precondition: the zone has not changed since."""

    def check(stored: Zone | Record) -> None:
        if stored.revision != before.revision:
            raise Conflict("the zone was changed meanwhile: import it again")

    return check


def _comment(where: str) -> str:
    """Return the comment of the change in the history."""
    printable = "".join(one if one.isprintable() else "?" for one in where)
    return f"imported from {printable}"[:MAX_COMMENT]
