"""The Editor: every write of zones and records, each stored in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from dns.name import Name

from appliance.editing.access import check_creation, check_deletion, check_whole_zone, find_record, find_zone
from appliance.editing.apply import apply_all
from appliance.editing.change_set import ChangeSet
from appliance.editing.child_zones import NewZone, change_above, commit_creation, evaluate_below
from appliance.editing.commit import Alongside, commit, writes
from appliance.editing.diff import Diff
from appliance.editing.evaluation import Evaluation, evaluate
from appliance.editing.new_holds import release_held
from appliance.editing.parser import Parser, ParseRdata
from appliance.editing.requests import RecordInput, RecordRequest, check_comment, check_ttl
from appliance.editing.transaction import evaluate_and_commit
from appliance.editing.write_count import CountWrite, counting_once, octets_of_creation, octets_of_diff
from appliance.editing.zone_names import check_available, own_names_of, public_suffixes
from appliance.errors import InputError, NotPermitted, ZoneProtected
from appliance.principal import Principal
from appliance.render.zone_file import Apex, apex_of
from appliance.settings import QuotaSettings, Settings
from appliance.store import delegations, holds, journal, records, wakeup, zones
from appliance.store.file.database import Store
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, print_domain
from appliance.zones.ownership import Proof
from appliance.zones.rdata import parse_rdata
from appliance.zones.reserved import OwnNames, refuse_reserved
from appliance.zones.serial import raise_over

Result = TypeVar("Result")
Edit = Callable[[Parser], tuple[ChangeSet, Result]]
"""Reads a zone and fills a change set; called again if the zone has changed before the changes are stored."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Performs all writes of zones. `announce` is called after each commit, `parse` parses record data.

    `count_write` is called once before a change is stored, with the octets that the journal will have of it.
    """

    store: Store
    apex: Apex
    own_names: OwnNames
    default_ttl: int
    clock: Callable[[], datetime]
    announce: Callable[[], None] = lambda: None
    quotas: QuotaSettings = field(default_factory=QuotaSettings)
    parse: ParseRdata = parse_rdata
    count_write: CountWrite = lambda _principal, _octets: None
    proof: Proof = Proof.OFF

    def create_zone(
        self,
        principal: Principal,
        domain: str,
        *,
        as_operator: bool = True,
        take_records: bool = False,
    ) -> Zone:
        """Create a zone, held if its ownership must be proven; raise InvalidName if it is not available.

        Raise OperatorsOnly for a domain that only operators may create, also if the principal is one but does not
        create it `as_operator`. A zone of the account above it delegates the new one. Its records at and below the
        domain are refused, unless `take_records` moves them into the new zone, which needs the permission to delete
        records.
        """
        name = parse_domain(domain)
        is_operator = principal.operator and as_operator
        refuse_reserved(name, self.own_names, public_suffixes().is_public, operator=is_operator)
        check_creation(principal, name)
        count = counting_once(self.count_write, principal)

        def evaluate_creation() -> NewZone:
            zone = self._new_zone(name, principal)
            check_available(name, principal.account.uuid, zone.created_at)
            above = delegations.enclosing(name, principal.account.uuid)
            if above is None:
                return NewZone(zone)
            over, new = (self._change_set(one, Parser(self.parse)) for one in (above, zone))
            return evaluate_below(over, new, principal, self.quotas, take_records=take_records)

        def commit_zone(new: NewZone) -> Zone:
            count(octets_of_creation(new))
            return commit_creation(new, principal, self.quotas, self.proof)

        created = evaluate_and_commit(self.store, evaluate_creation, commit_zone, lambda _: True)
        self.announce()
        return created

    def release_zone(self, principal: Principal, uuid: UUID) -> Zone:
        """Publish a held zone, and held zones of its account below it; only an operator may.

        Raise InputError if the zone is not held.
        """
        with self._writing():
            zone = find_zone(uuid, principal.scope)
            if not principal.operator:
                raise NotPermitted("only an operator can release a zone whose ownership is not proven")
            now = self.clock()
            if zone not in release_held(zone, principal, now):
                raise InputError(f"{print_domain(zone.name)} is not held: it is published", "domain")
            change_above(zone, principal, now, "added")
        return zones.get_any(uuid)

    def change_zone(self, principal: Principal, uuid: UUID, settings: Mapping[str, Any]) -> Zone:
        """Change `default_ttl`, `protected` or `comment`; none is published, so the serial stays the same."""
        if "default_ttl" in settings:
            check_ttl(settings["default_ttl"], "default_ttl")
        check_comment(settings.get("comment", ""))
        with self._writing():
            zone = find_zone(uuid, principal.scope)
            check_whole_zone(principal, zone, "change settings of a zone")
            changed = {key: value for key, value in settings.items() if getattr(zone, key) != value}
            if changed:
                self.count_write(principal, {zone.uuid: 0})
                now = self.clock()
                before = zone
                zone = zones.update(zone, **changed, revision=zone.revision + 1, updated_at=now)
                journal.append(zone, journal.SETTINGS, principal, now, before=before)
        return zone

    def delete_zone(self, principal: Principal, uuid: UUID, *, only_held: bool = False) -> Zone:
        """Delete a zone: it is no longer served, nor delegated by a zone above it.

        Its records are kept for 30 days, its last serial for ever. `only_held`: raise InputError if it is
        published; one that is held is deleted although it is protected.
        """
        with self._writing():
            zone = find_zone(uuid, principal.scope)
            if only_held and not holds.get(uuid):
                raise InputError(f"{print_domain(zone.name)} is not held: it is published", "domain")
            if zone.protected and not only_held:
                raise ZoneProtected(f"{print_domain(zone.name)} is protected: remove the protection before deleting it")
            check_deletion(principal, zone)
            above = delegations.enclosing(zone.name, zone.account)
            self.count_write(principal, {one.uuid: 0 for one in (zone, above) if one})
            now = self.clock()
            zone = zones.mark_deleted(zone, deleted_at=now, queued_at=now, updated_at=now, revision=zone.revision + 1)
            journal.append(zone, "zone.delete", principal, now)
            change_above(zone, principal, now, "removed")
        return zone

    def create_record(self, principal: Principal, zone_uuid: UUID, requested: RecordInput) -> tuple[Zone, Record]:
        """Create a record in the zone."""

        def edit(parser: Parser) -> tuple[ChangeSet, Record]:
            change_set = self._change_set(find_zone(zone_uuid, principal.scope), parser)
            return change_set, change_set.create(requested)

        diff, record = self._write(principal, edit)
        return diff.after, record

    def change_record(
        self, principal: Principal, uuid: UUID, change: Callable[[Zone, Record], RecordInput]
    ) -> tuple[Zone, Record]:
        """Change a record; `change` is called with the stored record, and again if it has changed in between."""

        def edit(parser: Parser) -> tuple[ChangeSet, Record]:
            zone, before = find_record(uuid, principal.scope)
            change_set = self._change_set(zone, parser)
            return change_set, change_set.update(before, change(zone, before))

        diff, record = self._write(principal, edit)
        return diff.after, record

    def delete_record(self, principal: Principal, uuid: UUID) -> Zone:
        """Delete the record."""

        def edit(parser: Parser) -> tuple[ChangeSet, None]:
            zone, record = find_record(uuid, principal.scope)
            change_set = self._change_set(zone, parser)
            change_set.delete(record)
            return change_set, None

        return self._write(principal, edit)[0].after

    def change_many(
        self,
        principal: Principal,
        zone_uuid: UUID,
        requests: Sequence[RecordRequest] | Callable[[Zone], Sequence[RecordRequest]],
        comment: str = "",
        *,
        dry_run: bool = False,
        alongside: Alongside | None = None,
    ) -> Diff:
        """Apply all requests in order, under one serial, or none of them; the rules check the zone after all of them.

        `requests` may be a function: it is called with the zone, and again if that has changed in between. The field
        of an InputError has the index of the request, such as `changes.3.value`. A dry run stores nothing and acquires
        no write lock. `alongside` is called in the transaction that stores the changes, with the zone before them; an
        exception rolls it back.
        """
        check_comment(comment)

        def edit(parser: Parser) -> tuple[ChangeSet, None]:
            zone = find_zone(zone_uuid, principal.scope)
            change_set = self._change_set(zone, parser)
            apply_all(change_set, requests(zone) if callable(requests) else requests)
            return change_set, None

        if dry_run:
            with self.store.reading():
                evaluation = evaluate(edit(Parser(self.parse))[0], principal, self.quotas)
            return replace(evaluation.diff, applied=False)
        return self._write(principal, edit, comment, alongside)[0]

    def raise_serial(self, uuid: UUID, served: int) -> Zone:
        """Raise the zone's serial over a later one that a nameserver serves; content and revision stay the same."""
        with self._writing():
            zone = zones.get_any(uuid)
            now = self.clock()
            serial = raise_over(zone.serial, served)
            zone = zones.update(zone, serial=serial, queued_at=now)
            journal.append(zone, "zone.raise_serial", Principal.local("deployer"), now)
        return zone

    def _new_zone(self, name: Name, principal: Principal) -> Zone:
        """Return an empty zone whose serial is still open."""
        now = self.clock()
        return Zone(
            uuid=uuid4(),
            name=name,
            account=principal.account.uuid,
            serial=0,
            revision=1,
            default_ttl=self.default_ttl,
            protected=False,
            comment="",
            record_count=0,
            created_at=now,
            updated_at=now,
            queued_at=now,
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run the block in a write transaction; announce it after the commit."""
        with self.store.writing():
            yield
        self.announce()

    def _change_set(self, zone: Zone, parser: Parser) -> ChangeSet:
        return ChangeSet(zone, records.ZoneView(zone, self.apex.servers), self.apex, self.clock(), parser)

    def _write(
        self, principal: Principal, edit: Edit[Result], comment: str = "", alongside: Alongside | None = None
    ) -> tuple[Diff, Result]:
        """Evaluate and store the changes of `edit`; if there are none, only `alongside` is called."""
        parser = Parser(self.parse)
        count = counting_once(self.count_write, principal)

        def evaluate_edit() -> tuple[Evaluation, Result]:
            change_set, result = edit(parser)
            return evaluate(change_set, principal, self.quotas), result

        def commit_evaluated(evaluated: tuple[Evaluation, Result]) -> tuple[Diff, Result]:
            evaluation, result = evaluated
            if evaluation.diff.changes:
                count(octets_of_diff(evaluation.diff))
            return commit(evaluation, principal, comment, alongside), result

        diff, result = evaluate_and_commit(
            self.store, evaluate_edit, commit_evaluated, lambda evaluated: writes(evaluated[0], alongside)
        )
        self.announce()
        return diff, result


def editor_from(
    settings: Settings,
    store: Store,
    clock: Callable[[], datetime],
    announce: Callable[[], None] | None = None,
    count_write: CountWrite = lambda _principal, _octets: None,
) -> Editor:
    """Return the editor of an appliance; by default it announces commits at the deployer's socket."""
    return Editor(
        store=store,
        apex=apex_of(settings.dns),
        own_names=own_names_of(settings.dns),
        default_ttl=settings.dns.default_ttl,
        clock=clock,
        announce=announce or (lambda: wakeup.announce(settings.deployer.socket)),
        quotas=settings.quotas,
        count_write=count_write,
        proof=settings.ownership.proof,
    )
