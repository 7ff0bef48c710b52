"""What a restored store learns from the one that it replaces, so that no serial goes down and nothing revoked returns.

A zone is known by its name here: nameservers and clients know it by nothing else.

    in both, same content       the later serial, and nothing to publish
    in both, other content      one more than the later serial
    only in the restored one    lifted over whatever may be served (see `_unknown`)
    deleted since the backup    lives again, with a later serial
    only in the replaced one    told; it stays served, and is not in the store
    deleted in both, or there   the deletion and the last serial are kept
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dns.name import Name

from appliance.principal import Principal, Scope
from appliance.store import deployments, journal, restoration, zones
from appliance.store.restoration import Past, PastZone
from appliance.store.zones import Page
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.serial import latest, next_serial

PAGE = 1000
_PRINCIPAL = Principal.local("restore")


@dataclass(slots=True)
class Taken:
    """What the take-over did, by domain: all zones, those lifted, those that live again, those not in the backup."""

    zones: int = 0
    lifted: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def take_over(past: Past | None, now: datetime) -> Taken:
    """Bring the restored store, in an open transaction, up to what the replaced one knew; None: nothing is known."""
    taken = Taken()
    restoration.forget_answers()
    restoration.forget_sessions()
    living = _living()
    taken.zones = len(living)
    for zone in living:
        _take_over_zone(zone, past.zones.get(zone.name, []) if past else [], now, taken)
    if past:
        restoration.take_away_again(past)
        buried = {zone.name: zone for zone in restoration.tombstones()}
        names = {zone.name for zone in living}
        for name, known in past.zones.items():
            if name not in names:
                _take_over_end(name, known, buried.get(name), now, taken)
    return taken


def _living() -> list[Zone]:
    found: list[Zone] = []
    number = 1
    while page := zones.find(Scope(None), Page(number, PAGE))[0]:
        found += page
        number += 1
    return found


def _take_over_zone(zone: Zone, known: list[PastZone], now: datetime, taken: Taken) -> None:
    """A zone of the backup: lifted over all serials that its name had, unless its content stayed the same."""
    last = next((one for one in known if one.deleted_at is None), None)
    if known and last is None:
        taken.revived.append(print_domain(zone.name))
    serial = latest(zone.serial, *(one.serial for one in known))
    same = last is not None and last.uuid == zone.uuid and last.content == restoration.content_of(zone)
    if not same:
        serial = next_serial(serial, (now if known else _unknown(now)).date())
    revision = max(zone.revision, *(one.revision for one in known), 0)
    if (serial, revision) == (zone.serial, zone.revision):
        return
    lifted = zones.update(zone, serial=serial, revision=revision + 1)
    restoration.lift_records(lifted)
    if serial != zone.serial:
        journal.append(zones.update(lifted, queued_at=now), "zone.raise_serial", _PRINCIPAL, now)
        taken.lifted.append(print_domain(zone.name))


def _unknown(now: datetime) -> datetime:
    """The day whose first serial is later than any that was likely given: tomorrow.

    Were the next serial given twice, with two contents, the nameservers would seem to serve what is wanted. A
    nameserver that is further ahead even so is seen by the deployer, which lifts the zone over it.
    """
    return now + timedelta(days=1)


def _take_over_end(name: Name, known: list[PastZone], buried: Zone | None, now: datetime, taken: Taken) -> None:
    """A name that the backup has no living zone of."""
    lives = any(one.deleted_at is None for one in known)
    serial = latest(*(one.serial for one in known), *([buried.serial] if buried else []))
    if lives:
        taken.unknown.append(print_domain(name))
    if buried:
        zones.update(buried, serial=serial)
        if lives:  # the deletion that the backup knows is not that of the zone which is served now
            deployments.store_removed(buried.uuid, now)
    elif not lives:
        restoration.add_tombstone(replace(known[-1], serial=serial), now)
