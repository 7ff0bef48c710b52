"""What a restored store takes over from the replaced one, so that no serial decreases and nothing revoked returns.

Zones are matched by name, since nameservers know nothing else of them. The content of a zone is its records and its
child zones, which it delegates.

    in both, same content           the later serial, and nothing to publish
    in both, other content          the serial after the later one
    only in the restored store      a serial later than any that may be served (see `_day_after`)
    deleted since the backup        restored, with a later serial
    only in the replaced store      reported; it is still served, but not in the store
    deleted in both or since        the deletion and the last serial are kept
    signed in one of them           signed, as `kept_signing` says
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from dns.name import Name

from appliance.principal import Principal, Scope
from appliance.recovery.kept_signing import keep_signing
from appliance.store import deployments, journal, replaced_signing, restoration, zones
from appliance.store.restoration import ReplacedStore, ReplacedZone
from appliance.store.zones import Page
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.serial import latest, next_serial

PAGE = 1000
_PRINCIPAL = Principal.local("restore")


@dataclass(slots=True)
class TakeoverResult:
    """The result: number of zones; domains with a raised serial, of restored zones, and of zones not in the backup.

    `kept_signed` are those that are unsigned in the backup, and signed now; `keys_of` gives the former zone whose keys
    a zone takes over.
    """

    zones: int = 0
    raised: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    not_in_backup: list[str] = field(default_factory=list)
    kept_signed: list[str] = field(default_factory=list)
    keys_of: dict[UUID, UUID] = field(default_factory=dict)


def take_over(replaced: ReplacedStore | None, now: datetime, with_keys: Collection[UUID] = ()) -> TakeoverResult:
    """Take over from the replaced store, None if it could not be read. Call it in a transaction of the restored one.

    `with_keys` are the zones whose DNSSEC keys are on this host.
    """
    takeover = TakeoverResult()
    restoration.delete_observed_state()
    restoration.delete_sessions_and_invitations()
    if replaced:
        restoration.apply_revocations(replaced)
        restoration.adopt_releases(replaced)
    existing = _existing_zones()
    takeover.zones = len(existing)
    alike = _with_same_children(existing, replaced)
    for zone in existing:
        known = replaced.zones.get(zone.name, []) if replaced else []
        kept = _keep_signing(zone, known, now, takeover, is_signed_here=not known and zone.uuid in with_keys)
        _take_over_zone(kept, known, now, takeover, has_same_children=zone.name in alike)
    replaced_signing.forget_observations(now)
    if replaced:
        tombstones = {zone.name: zone for zone in restoration.tombstones()}
        names = {zone.name for zone in existing}
        for name, known in replaced.zones.items():
            if name not in names:
                _take_over_missing(name, known, tombstones.get(name), now, takeover)
    return takeover


def _existing_zones() -> list[Zone]:
    found: list[Zone] = []
    number = 1
    while page := zones.find(Scope(None), Page(number, PAGE))[0]:
        found += page
        number += 1
    return found


def _with_same_children(existing: list[Zone], replaced: ReplacedStore | None) -> set[Name]:
    """Return the zones that delegate in both stores the same child zones, or none."""
    served = [zone for known in (replaced.zones.values() if replaced else ()) for zone in known if not zone.deleted_at]
    before = restoration.delegated(served, replaced.held if replaced else ())
    after = restoration.delegated(existing, restoration.held())
    return {zone.name for zone in existing if before.get(zone.name) == after.get(zone.name)}


def _keep_signing(
    zone: Zone, known: list[ReplacedZone], now: datetime, takeover: TakeoverResult, *, is_signed_here: bool
) -> Zone:
    """Take over what is known of the DNSSEC of a zone of the backup, and report what was kept."""
    last = _last(known)
    kept = keep_signing(zone, last, now, is_signed_here=is_signed_here)
    if kept.signed and not zone.signed:
        takeover.kept_signed.append(print_domain(zone.name))
    if last and last.signing.signed and last.uuid != zone.uuid:
        takeover.keys_of[zone.uuid] = last.uuid
    return kept


def _last(known: list[ReplacedZone]) -> ReplacedZone | None:
    """Return the zone of a name that the replaced store has, None if it was deleted or never had one."""
    return next((one for one in known if one.deleted_at is None), None)


def _take_over_zone(
    zone: Zone, known: list[ReplacedZone], now: datetime, takeover: TakeoverResult, *, has_same_children: bool
) -> None:
    """Take over a zone of the backup: raise its serial over all that its name had, unless its content is the same."""
    last = _last(known)
    if known and last is None:
        takeover.restored.append(print_domain(zone.name))
    serial = latest(zone.serial, *(one.serial for one in known))
    same = last is not None and last.uuid == zone.uuid and last.content == restoration.content_of(zone)
    if not (same and has_same_children and last and last.signing.signed == zone.signed):
        serial = latest(zone.last_serial, serial, *(one.last_serial for one in known))
        serial = next_serial(serial, (now if known else _day_after(now)).date())
    revision = max(zone.revision, *(one.revision for one in known), 0)
    if (serial, revision) == (zone.serial, zone.revision):
        return
    raised = zones.update(zone, serial=serial, revision=revision + 1)
    restoration.raise_record_revisions(raised)
    if serial != zone.serial:
        journal.append(zones.update(raised, queued_at=now), journal.RAISED, _PRINCIPAL, now)
        takeover.raised.append(print_domain(zone.name))


def _day_after(now: datetime) -> datetime:
    """Return the day whose first serial is later than any that was probably used: tomorrow.

    If one serial were used for two contents, nameservers with the former content would seem to be up to date. If a
    nameserver nevertheless serves a later serial, the deployer raises the zone's serial over it.
    """
    return now + timedelta(days=1)


def _take_over_missing(
    name: Name, known: list[ReplacedZone], tombstone: Zone | None, now: datetime, takeover: TakeoverResult
) -> None:
    """Take over a name of the replaced store that is not a zone of the backup."""
    is_served = any(one.deleted_at is None for one in known)
    serial = latest(*(one.last_serial for one in known), *([tombstone.last_serial] if tombstone else []))
    if is_served:
        takeover.not_in_backup.append(print_domain(name))
    if tombstone:
        zones.update(tombstone, serial=serial)
        if is_served:  # the deletion in the backup is that of an earlier zone
            deployments.store_removed(tombstone.uuid, now)
    elif not is_served:
        restoration.add_tombstone(replace(known[-1], serial=serial), now)
