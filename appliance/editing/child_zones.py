"""Zones above and below others of one account: the zone above delegates the one below, and holds no data of it.

Creating or deleting a zone is a change of the zone above, which gets a new serial in the same transaction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.apply import MAX_CHANGES
from appliance.editing.change_set import ChangeSet
from appliance.editing.diff import Diff
from appliance.editing.evaluation import evaluate
from appliance.editing.new_holds import hold_if_unproven, release_held
from appliance.editing.quotas import check_zone_quota
from appliance.editing.transaction import StaleRead
from appliance.editing.zone_names import check_available
from appliance.errors import InputError, InvalidName, NotPermitted, RecordsHidden, RuleBroken
from appliance.principal import EVERYTHING, Principal
from appliance.render.zone_file import record_line
from appliance.settings import QuotaSettings
from appliance.store import delegations, journal, record_writes, zones
from appliance.store.record_writes import Statement, prepare
from appliance.zones import rules
from appliance.zones.changes import Create, Delete, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_domain
from appliance.zones.ownership import Proof
from appliance.zones.rdata import target_of
from appliance.zones.serial import latest, next_serial
from appliance.zones.zone_cuts import Cut, cut_at, occluded_by

MOST_LISTED = 5
"""Records that an error message names."""


@dataclass(frozen=True, slots=True)
class NewZone:
    """A zone to create, its serial still open, with the `records` that it takes; `above` is what changes above it."""

    zone: Zone
    above: Diff | None = None
    records: Sequence[Record] = ()
    statements: Sequence[Statement] = ()


def evaluate_below(
    above: ChangeSet, new: ChangeSet, principal: Principal, quotas: QuotaSettings, *, take_records: bool
) -> NewZone:
    """Return how a zone is created below another one, from an empty change set of each.

    Raise InvalidName if data above would be hidden. With `take_records` it moves into the new zone; NS records that the
    appliance publishes by itself, and DS records of the delegation, are dropped. An error says nothing of a zone above
    that the principal may not see.
    """
    try:
        return _evaluate_below(above, new, principal, quotas, take_records=take_records)
    except (InputError, NotPermitted):
        if zones.get(above.zone.uuid, principal.scope):
            raise
    raise InvalidName(f"{print_domain(new.origin)} is not available", "domain")


def _evaluate_below(
    above: ChangeSet, new: ChangeSet, principal: Principal, quotas: QuotaSettings, *, take_records: bool
) -> NewZone:
    name = new.origin
    above.add_child(name)
    cut = cut_at(above, name)
    taken: list[Record] = []
    if cut and take_records:
        taken = _take(above, new, cut, principal)
    elif cut:
        _refuse_hidden(above, cut)
    try:
        diff = evaluate(above, principal, quotas).diff
    except RuleBroken as broken:
        raise InvalidName(str(broken), "domain") from None
    zone = replace(new.zone, record_count=len(taken))
    moves = {change.record.uuid: change.record for change in new.changes() if isinstance(change, Create)}
    rest = [change for change in diff.changes if not (isinstance(change, Delete) and change.record.uuid in moves)]
    pairs = [Update(record, moves[record.uuid]) for record in taken]
    statements = [*prepare(above.zone, rest, record_line), *prepare(zone, pairs, record_line)]
    return NewZone(zone, diff, list(moves.values()), statements)


def commit_creation(new: NewZone, principal: Principal, quotas: QuotaSettings, proof: Proof) -> Zone:
    """Store the zone, held if `proof` requires it; raise StaleRead if the zone above has changed meanwhile."""
    name, now = new.zone.name, new.zone.created_at
    check_available(name, principal.account.uuid, now)
    check_zone_quota(quotas, principal)
    above = delegations.enclosing(name, principal.account.uuid)
    if above != (new.above.before if new.above else None):
        raise StaleRead
    past = zones.past_serials(name)
    zone = replace(new.zone, serial=next_serial(latest(*past) if past else None, now.date()))
    zones.insert(zone)
    record_writes.execute(new.statements)
    journal.append(zone, journal.CREATE, principal, now, map(Create, new.records))
    if not hold_if_unproven(zone, principal, proof, now) and proof is not Proof.OFF:
        release_held(zone, principal, now)
    if new.above:
        if not zones.replace_if_unchanged(new.above.before, new.above.after, EVERYTHING):
            raise StaleRead
        journal.append(new.above.after, journal.DELEGATION, principal, now, new.above.changes, _comment(name, "added"))
    return zone


def change_above(child: Zone, principal: Principal, now: datetime, what: str) -> None:
    """Give the zone above its next serial, in the transaction that adds or removes its delegation of this one."""
    above = delegations.enclosing(child.name, child.account)
    if above:
        serial = next_serial(above.serial, now.date())
        above = zones.update(above, serial=serial, revision=above.revision + 1, updated_at=now, queued_at=now)
        comment = _comment(child.name, what)
        journal.append(above, journal.DELEGATION, principal, now, comment=comment)


def _take(above: ChangeSet, new: ChangeSet, cut: Cut, principal: Principal) -> list[Record]:
    """Move what is at or below the cut from one change set to the other; return the records as they were."""
    found = list(itertools.islice(_at_and_below(above, cut), MAX_CHANGES + 1))
    if found:
        principal.require("dns:delete")
    if len(found) > MAX_CHANGES:
        raise InputError(
            f"{print_domain(cut.name)} has more than {MAX_CHANGES} records in the zone {print_domain(above.origin)}; "
            "take_records moves that many at most: delete them, and import a zone file into the new zone",
            "take_records",
        )
    above.load(record.owner for record in found)
    new.load(record.owner for record in found)
    taken = [record for record in found if not _is_dropped(record, above, cut.name)]
    for record in found:
        above.delete(record)
    for record in taken:
        is_apex_ns = record.owner == cut.name and record.rdtype == RdataType.NS
        ttl = new.apex.ttl if is_apex_ns else record.ttl
        new.put(None, replace(record, ttl=ttl, updated_at=new.now, revision=record.revision + 1))
    findings = rules.check(new, {record.owner for record in taken})
    if findings:
        raise InvalidName(f"the records cannot be moved into the new zone: {findings[0].detail}", "domain")
    return taken


def _at_and_below(above: ChangeSet, cut: Cut) -> Iterator[Record]:
    for _, node in itertools.chain([(cut.name, cut.node)], above.below(cut.name)):
        for rrset in node.values():
            yield from rrset.records


def _is_dropped(record: Record, above: ChangeSet, name: Name) -> bool:
    """Return whether the new zone has no use for the record: DS of the delegation, NS of the appliance itself."""
    own_ns = record.rdtype == RdataType.NS and target_of(record.rdata) in above.servers
    return record.owner == name and (own_ns or record.rdtype == RdataType.DS)


def _refuse_hidden(above: ChangeSet, cut: Cut) -> None:
    hidden = list(itertools.islice(occluded_by(above, cut), MOST_LISTED + 1))
    if hidden:
        listed = ", ".join(f"{record.rdtype.name} {print_domain(record.owner)}" for record in hidden[:MOST_LISTED])
        others = " and others" if len(hidden) > MOST_LISTED else ""
        raise RecordsHidden(
            f"{print_domain(cut.name)} has records in the zone {print_domain(above.origin)}: {listed}{others}; delete "
            "them, or set take_records to move them into the new zone",
            "domain",
        )


def _comment(child: Name, what: str) -> str:
    return f"delegation of {print_domain(child)} {what}"
