"""Zones above and below others of one account: the zone above delegates the one below, and holds no data of it.

Creating or deleting a zone is a change of the zone above, which gets a new serial in the same transaction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.apply import MAX_CHANGES
from appliance.editing.change_set import ChangeSet
from appliance.errors import InputError, InvalidName, RecordsHidden
from appliance.principal import Principal
from appliance.store import delegations, journal, signing, zones
from appliance.zones import rules
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_domain
from appliance.zones.rdata import target_of
from appliance.zones.serial import next_serial
from appliance.zones.zone_cuts import Cut, cut_at, occluded_by

MOST_LISTED = 5
"""Records that an error message names."""


def evaluate_above(above: ChangeSet, new: ChangeSet, principal: Principal, *, take_records: bool) -> list[Record]:
    """Delegate the new zone in the change set of the one above; return the records that it takes, as they were.

    Raise InvalidName if data above would be hidden. With `take_records` it moves into the new zone; NS records that the
    appliance publishes by itself, and DS records of the delegation, are dropped.
    """
    name = new.origin
    above.add_child(name)
    cut = cut_at(above, name)
    if cut and take_records:
        return _take(above, new, cut, principal)
    if cut:
        _refuse_hidden(above, cut, is_restored=new.zone.deleted_at is not None)
    return []


def change_above(child: Zone, principal: Principal, now: datetime, what: str) -> None:
    """Give the zone above its next serial, in the transaction that adds or removes its delegation of this one.

    Signed zones below, of which another zone may now be the parent zone, are checked soon.
    """
    signing.make_due_in(child, now)
    above = delegations.enclosing(child.name, child.account)
    if above:
        change_delegation(above, child.name, principal, now, what)


def change_delegation(above: Zone, child: Name, principal: Principal, now: datetime, what: str) -> None:
    """Give the zone above its next serial, in the transaction that changes its delegation of this child zone."""
    serial = next_serial(above.last_serial, now.date())
    above = zones.update(above, serial=serial, revision=above.revision + 1, updated_at=now, queued_at=now)
    comment = delegation_comment(child, what)
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


def _refuse_hidden(above: ChangeSet, cut: Cut, *, is_restored: bool) -> None:
    hidden = list(itertools.islice(occluded_by(above, cut), MOST_LISTED + 1))
    if hidden:
        listed = ", ".join(f"{record.rdtype.name} {print_domain(record.owner)}" for record in hidden[:MOST_LISTED])
        others = " and others" if len(hidden) > MOST_LISTED else ""
        remedy = "them" if is_restored else "them, or set take_records to move them into the new zone"
        raise RecordsHidden(
            f"{print_domain(cut.name)} has records in the zone {print_domain(above.origin)}: {listed}{others}; delete "
            f"{remedy}",
            "domain",
        )


def delegation_comment(child: Name, what: str) -> str:
    """Return the comment of the change of the zone above, whose delegation of `child` was added, changed or removed."""
    return f"delegation of {print_domain(child)} {what}"
