"""`zone import` into a remote appliance: each zone as a zone file, through the API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dns.name import Name

from appliance.cli.diffs import has_changes
from appliance.client import ApiClient
from appliance.errors import CallRefused, CommandError, InputError, StateError
from appliance.imports.content import own_records
from appliance.imports.importer import Choices, Existing, refuse_repeated
from appliance.imports.results import Outcome, ZoneResult
from appliance.imports.source import Note, SourceRecord, SourceZone, ZoneData
from appliance.zones.names import parse_domain, parse_owner, print_domain
from appliance.zones.rdata import parse_rdata, print_line

_LINE = re.compile(r"\bline[. ](\d+)")
Diff = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _ZoneFile:
    """The zone file that is sent, with a record on each line; `places` says where each is from."""

    lines: list[str]
    places: list[str]
    refused: list[Note]

    @property
    def octets(self) -> bytes:
        """Return the file."""
        return "".join(f"{line}\n" for line in self.lines).encode()

    def note(self, detail: str, where: str, field: str | None = None) -> Note:
        """Return what the API says about a line, with the place where that record is from."""
        found = _LINE.search(field or "") or _LINE.match(detail)
        number = int(found[1]) if found else 0
        if not 1 <= number <= len(self.places):
            return Note(where, detail)
        return Note(self.places[number - 1], re.sub(r"^line \d+: ", "", detail))


@dataclass(frozen=True, slots=True)
class RemoteImporter:
    """Imports zones into the account of a token."""

    api: ApiClient
    choices: Choices
    _seen: dict[Name, str] = field(default_factory=dict)
    _planned: set[Name] = field(default_factory=set)

    def run(self, sources: Sequence[SourceZone]) -> Iterator[ZoneResult]:
        """Import the zones and yield the result of each; zones below others come before them."""
        for one in sorted(sources, key=lambda one: one.domain.count("."), reverse=True):
            yield self.import_zone(one)

    def import_zone(self, source: SourceZone) -> ZoneResult:
        """Import one zone and return what was done; raise NoAnswer if the appliance does not answer."""
        result = ZoneResult(source.domain, source.where, Outcome.REFUSED)
        try:
            origin = parse_domain(source.domain)
            result = replace(result, domain=print_domain(origin))
            refuse_repeated(self._seen, origin, source.where)
            children = self._children(origin)
            data = own_records(source.load(), origin, None, children, keep_ns=self.choices.keep_ns)
        except (InputError, StateError, CommandError, CallRefused, OSError) as refused:
            return replace(result, reasons=[Note(source.where, str(refused))])
        file = _zone_file(data, origin)
        result = replace(result, passed_over=data.passed_over, notes=data.notes)
        if file.refused and not self.choices.skip_refused:
            return replace(result, reasons=file.refused)
        try:
            outcome, diff = self._store(result.domain, data, file)
        except CallRefused as refused:
            detail = refused.detail
            if refused.status == 428:
                detail = f"{detail.partition(':')[0]}: use --confirm"
            return replace(result, reasons=[file.note(detail, source.where, refused.field)])
        if self.choices.dry_run:
            self._planned.add(origin)
        return _done(replace(result, outcome=outcome), diff, file)

    def _store(self, domain: str, data: ZoneData, file: _ZoneFile) -> tuple[Outcome, Diff]:
        """Create the zone or change it; raise CallRefused if that is refused, and leave no new zone behind."""
        if existing := self.api.get("/dns-zones/", {"domain": domain}):
            return self._change(domain, file, is_empty=not existing[0]["record_count"])
        if self.choices.dry_run:
            return Outcome.IMPORTED, {"serial": None, "added": file.lines, "changed": [], "removed": [], "warnings": []}
        settings = {"serial": data.serial, "default_ttl": data.default_ttl}
        given = {name: value for name, value in settings.items() if value is not None}
        self.api.call("POST", "/dns-zones/", {"domain": domain, **given})
        try:
            return Outcome.IMPORTED, self._put(domain, file)
        except CallRefused as refused:
            self._withdraw(domain, refused)
            raise

    def _withdraw(self, domain: str, refused: CallRefused) -> None:
        """Delete the zone that was created for refused records; raise them with the reason if that is refused too."""
        try:
            self.api.call_zone("DELETE", domain)
        except CallRefused as kept:
            detail = f"{refused.detail}; the zone was created and stays empty: {kept.detail}"
            raise CallRefused(refused.status, detail, refused.code, refused.field) from None

    def _children(self, origin: Name) -> set[Name]:
        """Return the zones below this one, which it delegates by itself; in a dry run those to come too."""
        below = f".{print_domain(origin)}"
        found = (one["domain"] for one in self.api.pages("/dns-zones/", {"search": below}))
        planned = {one for one in self._planned if one != origin and one.is_subdomain(origin)}
        return planned | {parse_domain(domain) for domain in found if domain.endswith(below)}

    def _change(self, domain: str, file: _ZoneFile, *, is_empty: bool) -> tuple[Outcome, Diff]:
        """Change a zone that exists; an empty one is filled, whatever was chosen: an import may have ended before."""
        etag, existing = self.api.etag_of_zone(domain), self.choices.existing
        plan = self._put(domain, file, dry_run=True, confirm=existing is Existing.REFUSE)
        if not has_changes(plan):
            return Outcome.UNCHANGED, plan
        if existing is Existing.REFUSE and not (is_empty and not plan["removed"] and not plan["changed"]):
            counts = ", ".join(f"{len(plan[part])} {part}" for part in ("added", "changed", "removed"))
            raise CallRefused(409, f"the zone exists with other records ({counts}): use --merge or --replace")
        if self.choices.dry_run:
            return Outcome.UPDATED, plan
        return Outcome.UPDATED, self._put(domain, file, etag=etag)

    def _put(
        self, domain: str, file: _ZoneFile, *, dry_run: bool = False, confirm: bool = False, etag: str | None = None
    ) -> Diff:
        chosen = {
            "dry_run": dry_run,
            "confirm": confirm or self.choices.confirmed,
            "skip_refused": self.choices.skip_refused,
            "merge": self.choices.existing is Existing.MERGE,
        }
        query = {name: "true" for name, value in chosen.items() if value}
        headers = {"If-Match": etag} if etag else {}
        document: Diff = self.api.call_zone(
            "PUT", domain, "zonefile/", file.octets, query=query, headers=headers
        ).document
        return document


def _done(result: ZoneResult, diff: Diff, file: _ZoneFile) -> ZoneResult:
    """Return the result with what the diff of the API says: numbers, what it passed over, and other nameservers."""
    warnings = diff["warnings"]
    left_out = [file.note(one["detail"], result.where) for one in warnings if one["code"] == "passed-over"]
    foreign = [Note(result.domain, one["detail"]) for one in warnings if one["code"] == "foreign-ns"]
    return replace(
        result,
        serial=diff["serial"],
        added=len(diff["added"]),
        changed=len(diff["changed"]),
        removed=len(diff["removed"]),
        passed_over=[*result.passed_over, *left_out],
        skipped=file.refused,
        notes=[*result.notes, *foreign],
    )


def _zone_file(data: ZoneData, origin: Name) -> _ZoneFile:
    """Return the zone file of the data; records that cannot be read are refused."""
    file = _ZoneFile([], [], list(data.refused))
    for one in data.records:
        try:
            line = _line(one, origin, data.default_ttl)
        except InputError as refused:
            file.refused.append(Note(one.where, f"{one.record.name} {one.record.record_type}: {refused}"))
        else:
            file.lines.append(line)
            file.places.append(one.where)
    return file


def _line(one: SourceRecord, origin: Name, default_ttl: int | None) -> str:
    record = one.record
    ttl = default_ttl if record.ttl is None else record.ttl
    rdata = parse_rdata(record.record_type, record.value, record.priority, origin).rdata
    owner = parse_owner(record.name, origin).to_text()
    return " ".join(filter(None, (owner, "" if ttl is None else str(ttl), "IN", record.record_type, print_line(rdata))))
