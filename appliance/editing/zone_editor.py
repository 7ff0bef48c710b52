"""The part of the Editor that writes whole zones: creation, settings, deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.editing.access import check_creation, check_deletion, check_whole_zone, find_zone
from appliance.editing.change_set import ChangeSet
from appliance.editing.child_zones import change_above
from appliance.editing.commit import Alongside
from appliance.editing.dnssec_switch import require_no_ds, require_signable, switch_dnssec
from appliance.editing.new_holds import release_held
from appliance.editing.new_zones import (
    EMPTY,
    NewZone,
    ZoneContent,
    commit_creation,
    empty_zone,
    evaluate_creation,
    preview_creation,
)
from appliance.editing.parser import Parser, ParseRdata
from appliance.editing.quotas import check_zone_quota
from appliance.editing.requests import check_comment, check_ttl
from appliance.editing.transaction import evaluate_and_commit
from appliance.editing.undelete import commit_undeletion, find_deleted_zone
from appliance.editing.write_count import CountWrite, counting_once, octets_of_creation
from appliance.editing.zone_names import check_available, public_suffixes
from appliance.errors import InputError, NotPermitted, ZoneProtected
from appliance.principal import Principal
from appliance.render.zone_file import Apex
from appliance.settings import QuotaSettings
from appliance.store import delegations, deployments, holds, journal, records, zones
from appliance.store.file.database import Store
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, print_domain
from appliance.zones.ownership import Proof
from appliance.zones.rdata import parse_rdata
from appliance.zones.reserved import OwnNames, refuse_reserved
from appliance.zones.serial import is_ahead, raise_over
from appliance.zones.signed_ttls import check_signed_default_ttl


@dataclass(frozen=True, slots=True)
class ZoneEditor:
    """Performs the writes of whole zones. `announce` is called after each commit, `parse` parses record data.

    `precondition` is called with the stored zone or record that is to be changed, or gets a record; it raises
    PreconditionFailed. `count_write` is called once before a change is stored, with the octets that the journal will
    have of it.
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
    precondition: Callable[[Zone | Record], None] = lambda _stored: None

    def create_zone(
        self,
        principal: Principal,
        domain: str,
        content: ZoneContent = EMPTY,
        *,
        as_operator: bool = True,
        take_records: bool = False,
        alongside: Alongside | None = None,
        dry_run: bool = False,
    ) -> Zone:
        """Create a zone, held if its ownership must be proven; raise InvalidName if it is not available.

        Raise OperatorsOnly for a domain that only operators may create, also if the principal is one but does not
        create it `as_operator`. A zone of the account above it delegates the new one. Its records at and below the
        domain are refused, unless `take_records` moves them into the new zone, which needs the permission to delete
        records. `alongside` is called in the transaction, with the new zone. The field of an InputError of a record has
        its index, such as `records.3.value`. A dry run stores nothing and acquires no write lock.
        """
        name = parse_domain(domain)
        is_operator = principal.operator and as_operator
        refuse_reserved(name, self.own_names, public_suffixes().is_public, operator=is_operator)
        check_creation(principal, name)
        count = counting_once(self.count_write, principal)
        content.check()
        account, parser = principal.account.uuid, Parser(self.parse)

        def evaluate_new() -> NewZone:
            zone = empty_zone(name, account, content, self.default_ttl, self.clock())
            if zone.signed:
                require_signable(name, zone.default_ttl, self.apex)
            check_available(name, account, zone.created_at)
            enclosing = delegations.enclosing(name, account)
            above = self._change_set(enclosing, Parser(self.parse)) if enclosing else None
            new = self._change_set(zone, parser)
            return evaluate_creation(new, above, content, principal, self.quotas, take_records=take_records)

        if dry_run:
            with self.store.reading():
                return preview_creation(evaluate_new(), principal, self.quotas)

        def commit_zone(new: NewZone) -> Zone:
            count(octets_of_creation(new))
            zone = commit_creation(new, principal, self.quotas, self.proof)
            if alongside:
                alongside(zone)
            return zone

        created = evaluate_and_commit(self.store, evaluate_new, commit_zone, lambda _: True)
        self.announce()
        return created

    def undelete_zone(
        self, principal: Principal, uuid: UUID, alongside: Callable[[Zone], None] = lambda _restored: None
    ) -> Zone:
        """Bring a zone back that was deleted less than 30 days ago, with its uuid, records and settings.

        `alongside` is called in the transaction, with the restored zone. Raise NotFound if there is none, InvalidName
        if its name is no longer available.
        """
        with self._writing():
            now = self.clock()
            zone = find_deleted_zone(uuid, principal.scope, now)
            check_creation(principal, zone.name, zone.uuid)
            refuse_reserved(zone.name, self.own_names, public_suffixes().is_public, operator=True)
            check_available(zone.name, zone.account, now)
            check_zone_quota(self.quotas, principal)
            above = delegations.enclosing(zone.name, zone.account)
            self.count_write(principal, {one.uuid: 0 for one in (zone, above) if one})
            new = self._change_set(zone, Parser(self.parse))
            over = self._change_set(above, Parser(self.parse)) if above else None
            delegated = evaluate_creation(new, over, EMPTY, principal, self.quotas, take_records=False)
            restored = commit_undeletion(zone, delegated, principal, self.proof, now)
            alongside(restored)
        return restored

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
        """Change `default_ttl`, `protected`, `comment` or `dnssec`; only the last is published, under a new serial."""
        if "default_ttl" in settings:
            check_ttl(settings["default_ttl"], "default_ttl")
        check_comment(settings.get("comment", ""))
        with self._writing():
            zone = find_zone(uuid, principal.scope)
            check_whole_zone(principal, zone, "change settings of a zone")
            self.precondition(zone)
            changed = {key: value for key, value in settings.items() if getattr(zone, key) != value}
            if not changed:
                return zone
            self.count_write(principal, {zone.uuid: 0})
            before, now, wanted = zone, self.clock(), changed.pop("dnssec", zone.dnssec)
            if zone.signed or wanted:
                check_signed_default_ttl(changed.get("default_ttl", 0))
            if changed:
                zone = zones.update(zone, **changed, revision=zone.revision + 1, updated_at=now)
                journal.append(zone, journal.SETTINGS, principal, now, before=before)
            zone = switch_dnssec(zone, principal, self.apex, now, wanted=wanted)
        return zone

    def delete_zone(
        self, principal: Principal, uuid: UUID, *, only_held: bool = False, ds_withdrawn: bool = False
    ) -> Zone:
        """Delete a zone: it is no longer served, nor delegated by a zone above it.

        Its records are kept for 30 days, its last serial for ever. `only_held`: raise InputError if it is
        published; one that is held is deleted although it is protected. Raise ConfirmationRequired for a signed zone of
        which the parent may have a DS, unless `ds_withdrawn`.
        """
        with self._writing():
            zone = find_zone(uuid, principal.scope)
            self.precondition(zone)
            if only_held and not holds.get(uuid):
                raise InputError(f"{print_domain(zone.name)} is not held: it is published", "domain")
            if zone.protected and not only_held:
                raise ZoneProtected(f"{print_domain(zone.name)} is protected: remove the protection before deleting it")
            check_deletion(principal, zone)
            now = self.clock()
            if not ds_withdrawn:
                require_no_ds(zone, now)
            above = delegations.enclosing(zone.name, zone.account)
            self.count_write(principal, {one.uuid: 0 for one in (zone, above) if one})
            zone = zones.mark_deleted(zone, deleted_at=now, queued_at=now, updated_at=now, revision=zone.revision + 1)
            journal.append(zone, "zone.delete", principal, now)
            change_above(zone, principal, now, "removed")
        return zone

    def raise_serial(self, uuid: UUID, served: int) -> Zone:
        """Raise the zone's serial over a later one that a nameserver serves; content and revision stay the same.

        Raise it by one if it is no longer earlier than what is served, since it may have changed meanwhile.

        What is served under the former serials is not known to be that of the store, so the zone's file is published.
        """
        with self._writing():
            zone = zones.get_any(uuid)
            now = self.clock()
            serial = raise_over(zone.serial, served if is_ahead(served, zone.serial) else zone.serial)
            zone = zones.update(zone, serial=serial, queued_at=now)
            deployments.forget_proof(uuid)
            journal.append(zone, journal.RAISED, Principal.local("deployer"), now)
        return zone

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run the block in a write transaction; announce it after the commit."""
        with self.store.writing():
            yield
        self.announce()

    def _change_set(self, zone: Zone, parser: Parser) -> ChangeSet:
        return ChangeSet(zone, records.ZoneView(zone, self.apex.servers), self.apex, self.clock(), parser)
