"""The Editor: every write of zones and records, each stored in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from appliance.editing.apply import apply_all
from appliance.editing.caller import find_record, find_zone, refuse_limited
from appliance.editing.change_set import ChangeSet
from appliance.editing.claims import own_names_of, public_suffixes, refuse_taken
from appliance.editing.commit import Alongside, commit, writes
from appliance.editing.diff import Diff
from appliance.editing.evaluation import Evaluation, evaluate
from appliance.editing.parser import Parser, ParseRdata
from appliance.editing.quotas import refuse_zone_over
from appliance.editing.requests import RecordInput, RecordRequest, check_comment, check_ttl
from appliance.editing.transaction import evaluate_and_commit
from appliance.errors import NotPermitted, ZoneProtected
from appliance.principal import Principal
from appliance.render.zone_file import Apex, apex_of
from appliance.settings import QuotaSettings, Settings
from appliance.store import journal, records, wakeup, zones
from appliance.store.file.database import Store
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, print_domain
from appliance.zones.rdata import parse_rdata
from appliance.zones.reserved import OwnNames, refuse_reserved
from appliance.zones.serial import latest, next_serial, raise_over

Result = TypeVar("Result")
Edit = Callable[[Parser], tuple[ChangeSet, Result]]
"""Reads a zone and requests changes of it; called again when the zone has moved before they are stored."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Changes zones. `announce` is called after each commit for the deployer, `parse` parses record data."""

    store: Store
    apex: Apex
    own_names: OwnNames
    default_ttl: int
    clock: Callable[[], datetime]
    announce: Callable[[], None] = lambda: None
    quotas: QuotaSettings = field(default_factory=QuotaSettings)
    parse: ParseRdata = parse_rdata

    def create_zone(self, caller: Principal, domain: str) -> Zone:
        """A new, empty zone; InvalidName says why the domain cannot be had."""
        name = parse_domain(domain)
        refuse_reserved(name, self.own_names, public_suffixes().is_public, operator=caller.operator)
        if caller.scope.zones is not None:
            raise NotPermitted("this token is limited to its zones and cannot create others")
        refuse_limited(caller, "create a zone")
        now = self.clock()
        with self._writing():
            refuse_taken(name, caller.account.uuid, now)
            refuse_zone_over(self.quotas, caller)
            past = zones.past_serials(name)
            zone = Zone(
                uuid=uuid4(),
                name=name,
                account=caller.account.uuid,
                serial=next_serial(latest(*past) if past else None, now.date()),
                revision=1,
                default_ttl=self.default_ttl,
                protected=False,
                comment="",
                record_count=0,
                created_at=now,
                updated_at=now,
                queued_at=now,
            )
            zones.insert(zone)
            journal.append(zone, journal.CREATE, caller, now)
        return zone

    def change_zone(self, caller: Principal, uuid: UUID, settings: Mapping[str, Any]) -> Zone:
        """Change `default_ttl`, `protected` or `comment`; none of them is published, so the serial stays."""
        if "default_ttl" in settings:
            check_ttl(settings["default_ttl"], "default_ttl")
        check_comment(settings.get("comment", ""))
        with self._writing():
            zone = find_zone(uuid, caller.scope)
            refuse_limited(caller, "change settings of a zone")
            changed = {key: value for key, value in settings.items() if getattr(zone, key) != value}
            if changed:
                now = self.clock()
                before = zone
                zone = zones.update(zone, **changed, revision=zone.revision + 1, updated_at=now)
                journal.append(zone, journal.SETTINGS, caller, now, before=before)
        return zone

    def delete_zone(self, caller: Principal, uuid: UUID) -> Zone:
        """The zone is served no more; its rows stay for 30 days to be restored, its last serial for ever."""
        with self._writing():
            zone = find_zone(uuid, caller.scope)
            if zone.protected:
                raise ZoneProtected(f"{print_domain(zone.name)} is protected: take the mark off before deleting it")
            refuse_limited(caller, "delete a whole zone")
            now = self.clock()
            zone = zones.mark_deleted(zone, deleted_at=now, queued_at=now, updated_at=now, revision=zone.revision + 1)
            journal.append(zone, "zone.delete", caller, now)
        return zone

    def create_record(self, caller: Principal, zone_uuid: UUID, requested: RecordInput) -> tuple[Zone, Record]:
        """Create a record in the zone."""

        def edit(parser: Parser) -> tuple[ChangeSet, Record]:
            change_set = self._change_set(find_zone(zone_uuid, caller.scope), parser)
            return change_set, change_set.create(requested)

        diff, record = self._write(caller, edit)
        return diff.after, record

    def change_record(
        self, caller: Principal, uuid: UUID, change: Callable[[Zone, Record], RecordInput]
    ) -> tuple[Zone, Record]:
        """Give the record other data; `change` is called with what is stored, and again when that has moved."""

        def edit(parser: Parser) -> tuple[ChangeSet, Record]:
            zone, before = find_record(uuid, caller.scope)
            change_set = self._change_set(zone, parser)
            return change_set, change_set.update(before, change(zone, before))

        diff, record = self._write(caller, edit)
        return diff.after, record

    def delete_record(self, caller: Principal, uuid: UUID) -> Zone:
        """Delete the record."""

        def edit(parser: Parser) -> tuple[ChangeSet, None]:
            zone, record = find_record(uuid, caller.scope)
            change_set = self._change_set(zone, parser)
            change_set.delete(record)
            return change_set, None

        return self._write(caller, edit)[0].after

    def change_many(
        self,
        caller: Principal,
        zone_uuid: UUID,
        requests: Sequence[RecordRequest] | Callable[[Zone], Sequence[RecordRequest]],
        comment: str = "",
        *,
        dry_run: bool = False,
        alongside: Alongside | None = None,
    ) -> Diff:
        """Apply all requests under one serial, in order, or none; the rules see the whole at its end.

        Where `requests` is a function, it is called with the zone as it is read, and again when that has moved.
        An InputError has the place of what is wrong in its field, such as `changes.3.value`. A dry run stores nothing
        and takes no write lock. `alongside` is called in the transaction that stores the changes, with the zone
        before them; what it raises undoes them.
        """
        check_comment(comment)

        def edit(parser: Parser) -> tuple[ChangeSet, None]:
            zone = find_zone(zone_uuid, caller.scope)
            change_set = self._change_set(zone, parser)
            apply_all(change_set, requests(zone) if callable(requests) else requests)
            return change_set, None

        if dry_run:
            with self.store.reading():
                evaluation = evaluate(edit(Parser(self.parse))[0], caller, self.quotas)
            return replace(evaluation.diff, applied=False)
        return self._write(caller, edit, comment, alongside)[0]

    def raise_serial(self, uuid: UUID, served: int) -> Zone:
        """Lift the zone's serial over one that a nameserver was found ahead with; content and revision stay."""
        with self._writing():
            zone = zones.get_any(uuid)
            now = self.clock()
            serial = raise_over(zone.serial, served)
            zone = zones.update(zone, serial=serial, queued_at=now)
            journal.append(zone, "zone.raise_serial", Principal.local("deployer"), now)
        return zone

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A write transaction, announced when it is committed."""
        with self.store.writing():
            yield
        self.announce()

    def _change_set(self, zone: Zone, parser: Parser) -> ChangeSet:
        return ChangeSet(zone, records.ZoneView(zone, self.apex.servers), self.apex, self.clock(), parser)

    def _write(
        self, caller: Principal, edit: Edit[Result], comment: str = "", alongside: Alongside | None = None
    ) -> tuple[Diff, Result]:
        """Store what `edit` makes of a zone; where it makes no difference, nothing but what is `alongside`."""
        parser = Parser(self.parse)

        def evaluated() -> tuple[Evaluation, Result]:
            change_set, result = edit(parser)
            return evaluate(change_set, caller, self.quotas), result

        def committed(one: tuple[Evaluation, Result]) -> tuple[Diff, Result]:
            return commit(one[0], caller, comment, alongside), one[1]

        diff, result = evaluate_and_commit(self.store, evaluated, committed, lambda one: writes(one[0], alongside))
        self.announce()
        return diff, result


def editor_from(
    settings: Settings, store: Store, clock: Callable[[], datetime], announce: Callable[[], None] | None = None
) -> Editor:
    """Return the editor of an appliance; it announces its commits at the deployer's socket unless it is told how."""
    return Editor(
        store=store,
        apex=apex_of(settings.dns),
        own_names=own_names_of(settings.dns),
        default_ttl=settings.dns.default_ttl,
        clock=clock,
        announce=announce or (lambda: wakeup.announce(settings.deployer.socket)),
        quotas=settings.quotas,
    )
