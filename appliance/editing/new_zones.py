"""Create a zone with its first records: one change, under its first serial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from dns.name import Name

from appliance.editing.apply import MAX_CHANGES, apply_all
from appliance.editing.change_set import ChangeSet
from appliance.editing.child_zones import delegation_comment, evaluate_above
from appliance.editing.evaluation import Evaluation, evaluate
from appliance.editing.new_holds import hold_if_unproven, release_held
from appliance.editing.quotas import check_zone_quota
from appliance.editing.requests import CreateRecord, RecordInput, check_comment, check_ttl
from appliance.editing.transaction import StaleRead
from appliance.editing.zone_names import check_available
from appliance.errors import InputError, InvalidName, InvalidValue, NotPermitted, RuleBroken
from appliance.principal import EVERYTHING, Principal
from appliance.render.zone_file import record_line
from appliance.settings import QuotaSettings
from appliance.store import delegations, former_zones, journal, record_writes, signing, zones
from appliance.store.journal import Content
from appliance.store.record_writes import Statement, prepare
from appliance.zones.changes import Change, Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_domain
from appliance.zones.ownership import Proof
from appliance.zones.serial import MODULUS, is_later, latest, next_serial
from appliance.zones.signed_ttls import check_signed_default_ttl


@dataclass(frozen=True, slots=True)
class ZoneContent:
    """The records and settings of a new zone; without `default_ttl` it gets that of the appliance.

    `dnssec`: it is signed from its first serial on. `serial` is the last one that other servers gave: the first serial
    here is later. There may be at most `max_records` records, None: as many as the quota permits.
    """

    records: Sequence[RecordInput] = ()
    default_ttl: int | None = None
    protected: bool = False
    comment: str = ""
    dnssec: bool = False
    serial: int | None = None
    max_records: int | None = MAX_CHANGES

    def check(self) -> None:
        """Raise InputError if a setting is out of range."""
        if self.default_ttl is not None:
            check_ttl(self.default_ttl, "default_ttl")
            if self.dnssec:
                check_signed_default_ttl(self.default_ttl)
        if self.serial is not None and not 0 <= self.serial < MODULUS:
            raise InvalidValue(f"a serial must be 0 to {MODULUS - 1}, not {self.serial}", "serial")
        check_comment(self.comment)


EMPTY = ZoneContent()


@dataclass(frozen=True, slots=True)
class NewZone:
    """A zone to create, its serial still open, with its `records`; `above` is what changes above it.

    `content` is what the journal gets of it. `below` are the zones below it that the evaluation found,
    `former_serial` is as in `ZoneContent`.
    """

    zone: Zone
    above: Evaluation | None
    records: Sequence[Record]
    content: Content
    statements: Sequence[Statement]
    below: Sequence[UUID]
    former_serial: int | None


def empty_zone(name: Name, account: UUID, content: ZoneContent, default_ttl: int, now: datetime) -> Zone:
    """Return a zone without records, its serial still open, with the settings of `content`."""
    return Zone(
        uuid=uuid4(),
        name=name,
        account=account,
        serial=0,
        revision=1,
        default_ttl=default_ttl if content.default_ttl is None else content.default_ttl,
        protected=content.protected,
        comment=content.comment,
        record_count=0,
        created_at=now,
        updated_at=now,
        queued_at=now,
        dnssec=content.dnssec,
        signed=content.dnssec,
    )


def evaluate_creation(
    new: ChangeSet,
    above: ChangeSet | None,
    content: ZoneContent,
    principal: Principal,
    quotas: QuotaSettings,
    *,
    take_records: bool,
) -> NewZone:
    """Return how the zone of an empty change set is created, below the zone of another one if there is one above.

    Raise InputError for records that are refused, and InvalidName if data above would be hidden. An error says nothing
    of a zone above that the principal may not see.
    """
    taken, over = _evaluate_above(above, new, principal, quotas, take_records=take_records) if above else ([], None)
    new.steps.list_name = "records"
    apply_all(new, [CreateRecord(one) for one in content.records], content.max_records)
    evaluation = evaluate(new, principal, quotas)
    created = [change for change in evaluation.diff.changes if isinstance(change, Create)]
    records = {change.record.uuid: change.record for change in created}
    zone, statements = replace(new.zone, record_count=len(records)), evaluation.statements
    if taken:
        moves = [Update(record, records[record.uuid]) for record in taken]
        statements = prepare(zone, [*moves, *created[len(moves) :]], record_line)
    if above and over:
        rest = [change for change in over.diff.changes if not _is_move(change, records)]
        statements = [*prepare(above.zone, rest, record_line), *statements]
    below = delegations.zones_below(zone.name, zone.account) if records else []
    return NewZone(zone, over, list(records.values()), evaluation.content, statements, below, content.serial)


def preview_creation(new: NewZone, principal: Principal, quotas: QuotaSettings) -> Zone:
    """Return the zone as it would be stored now; raise InputError as `commit_creation` does."""
    check_zone_quota(quotas, principal)
    return replace(new.zone, serial=_first_serial(new))


def commit_creation(new: NewZone, principal: Principal, quotas: QuotaSettings, proof: Proof) -> Zone:
    """Store the zone, held if `proof` requires it; raise StaleRead if a zone above or below has changed meanwhile."""
    name, now = new.zone.name, new.zone.created_at
    check_available(name, principal.account.uuid, now)
    check_zone_quota(quotas, principal)
    above = delegations.enclosing(name, principal.account.uuid)
    if above != (new.above.diff.before if new.above else None):
        raise StaleRead
    if new.records and delegations.zones_below(name, new.zone.account) != new.below:
        raise StaleRead
    zone = replace(new.zone, serial=_first_serial(new))
    zones.insert(zone)
    if zone.signed:
        signing.begin(zone, now)
    record_writes.execute(new.statements)
    journal.append(zone, journal.CREATE, principal, now, new.content)
    if not hold_if_unproven(zone, principal, proof, now) and proof is not Proof.OFF:
        release_held(zone, principal, now)
    commit_above(new, principal, now)
    return zone


def commit_above(new: NewZone, principal: Principal, now: datetime) -> None:
    """Store the zone above, which delegates the new one; raise StaleRead if it has changed meanwhile.

    Signed zones below, of which it may now be the parent zone, are checked soon.
    """
    signing.make_due_in(new.zone, now)
    if new.above:
        diff = new.above.diff
        if not zones.replace_if_unchanged(diff.before, diff.after, EVERYTHING):
            raise StaleRead
        comment = delegation_comment(new.zone.name, "added")
        journal.append(diff.after, journal.DELEGATION, principal, now, new.above.content, comment)


def _evaluate_above(
    above: ChangeSet, new: ChangeSet, principal: Principal, quotas: QuotaSettings, *, take_records: bool
) -> tuple[list[Record], Evaluation]:
    """Return the records that the new zone takes, and what changes above it."""
    try:
        taken = evaluate_above(above, new, principal, take_records=take_records)
        return taken, _evaluate_delegation(above, principal, quotas)
    except (InputError, NotPermitted):
        if zones.get(above.zone.uuid, principal.scope):
            raise
    raise InvalidName(f"{print_domain(new.origin)} is not available", "domain")


def _evaluate_delegation(above: ChangeSet, principal: Principal, quotas: QuotaSettings) -> Evaluation:
    try:
        return evaluate(above, principal, quotas)
    except RuleBroken as broken:
        raise InvalidName(str(broken), "domain") from None


def _is_move(change: Change, records: dict[UUID, Record]) -> bool:
    """Return whether a change of the zone above deletes a record that moves into the new zone."""
    return isinstance(change, Delete) and change.record.uuid in records


def _first_serial(new: NewZone) -> int:
    """Return a serial that is later than those of all zones that had the name; raise InvalidValue if there is none."""
    past = former_zones.past_serials(new.zone.name)
    former = [*past, *([] if new.former_serial is None else [new.former_serial])]
    base, today = latest(*former) if former else None, new.zone.created_at.date()
    serials = [next_serial(base, today)] if base is None else [next_serial(base, today), (base + 1) % MODULUS or 1]
    found = next((serial for serial in serials if all(is_later(serial, one) for one in former)), None)
    if found is None and new.former_serial is not None:
        raise InvalidValue(
            f"no serial is later than both {new.former_serial} and the serial {past[-1]} that this name had here: "
            "leave serial out",
            "serial",
        )
    return serials[0] if found is None else found
