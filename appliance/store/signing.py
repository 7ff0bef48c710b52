"""Rows about the DNSSEC of zones: the deployer writes what it sees, the API what users report and want."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import peewee as pw

from appliance.store import delegations, name_keys, tables
from appliance.store.prepared import PreparedSelect, PreparedWrite
from appliance.store.signing_documents import (
    check_document,
    confirmation_document,
    ds_documents,
    key_from,
    served_document,
    signing_from,
)
from appliance.zones.model import Zone
from appliance.zones.parent_checks import ParentFindings
from appliance.zones.signing import (
    DEFAULT_DS_TTL,
    Ds,
    DsConfirmation,
    DsReport,
    ServedSigning,
    Signing,
    SigningKey,
)

LONGEST_PAUSE = timedelta(hours=1)
"""Between two checks of a zone."""
NO_KEY = 0
"""In place of the tag in a report about a zone whose keys are not known yet."""


def get(zone: Zone) -> Signing | None:
    """Return what is known of the DNSSEC of this zone; None if it was never signed."""
    return of_zones([zone]).get(zone.uuid)


def of_zones(zones: Sequence[Zone]) -> dict[UUID, Signing]:
    """Return what is known of these zones, in five statements at most; those that were never signed are missing."""
    by_uuid = {zone.uuid: zone for zone in zones}
    uuids = frozenset(by_uuid)
    rows = list(_rows_of(uuids))
    above = delegations.parents_of([by_uuid[row.zone.uuid] for row in rows])
    keys: dict[UUID, list[SigningKey]] = {}
    for row in _keys_of(uuids):
        keys.setdefault(row.zone.uuid, []).append(key_from(row))
    return {
        zone.uuid: signing_from(row, zone, keys.get(zone.uuid, ()), above.get(zone.uuid))
        for row, zone in ((row, by_uuid[row.zone.uuid]) for row in rows)
    }


def begin(zone: Zone, now: datetime, ds_ttl: int = DEFAULT_DS_TTL) -> None:
    """Store that the zone is to be signed from now on; its keys, if it had some, stay.

    `ds_ttl` is for how many seconds caches may hold a DS that was seen before.
    """
    values: dict[str, Any] = {
        "since": now,
        "due_at": now,
        "ds_ttl": ds_ttl,
        "served": {},
        "reported": {},
        "delegated": [],
        "gone_since": None,
        "gone_at": None,
    }
    cleared = dict.fromkeys(("signed_at", "confirmed", "roll_requested_at", "parent"))
    row = tables.Signing
    row.insert(zone=_id_of(zone.uuid), **values, **cleared).on_conflict(
        conflict_target=[row.zone], update=values | cleared
    ).execute()
    _store_expiry(zone.uuid, {})


def change_wish(zone: Zone, now: datetime) -> None:
    """Store since when the user wants what the zone says; checks of the parent count from now on.

    A rollover that has not begun is not wanted any longer.
    """
    _update(zone.uuid, since=now, due_at=now, gone_since=None, gone_at=None, roll_requested_at=None)


def follow_clock(zone: Zone, known: Signing, now: datetime) -> None:
    """Store that what the zone waits for begins now: it began in the future, before the clock was set back."""
    reports = {tag: replace(one, at=min(one.at, now)) for tag, one in known.confirmations.items()}
    value = {str(tag): confirmation_document(one) for tag, one in reports.items()}
    signed_at = known.signed_at and min(known.signed_at, now)
    _update(zone.uuid, since=now, signed_at=signed_at, confirmed=value, parent=None, gone_since=None, gone_at=None)


def end(zone: Zone, now: datetime) -> None:
    """Store that the zone is published unsigned from now on; its keys are kept for a while."""
    _update(zone.uuid, since=now, due_at=now)


def confirm(zone: Zone, known: Signing, report: DsReport, tags: Iterable[int], now: datetime) -> None:
    """Store what a user reported of the DS of these keys.

    That every DS of a zone which is to be unsigned is gone holds until a check of the parent shows one; it may be
    reported before a key is known.
    """
    confirmations = {**known.confirmations, **dict.fromkeys([*tags] or [NO_KEY], DsConfirmation(report, now))}
    last = [confirmations.get(key.tag) for key in known.keys]
    is_gone = all(one and one.report is DsReport.WITHDRAWN and one.at >= known.since for one in last)
    gone = now if is_gone and not zone.dnssec else None
    value = {str(tag): confirmation_document(one) for tag, one in confirmations.items()}
    _update(zone.uuid, due_at=now, confirmed=value, gone_since=gone, gone_at=gone)


def request_rollover(zone: Zone, now: datetime) -> None:
    """Store that a user wants new keys."""
    _update(zone.uuid, due_at=now, roll_requested_at=now)


def store_findings(uuid: UUID, found: ParentFindings) -> None:
    """Store what is known after a check of the parent zone."""
    value = check_document(found.parent)
    _update(uuid, parent=value, gone_since=found.gone_since, gone_at=found.gone_at, ds_ttl=found.ds_ttl)


def store_delegated(uuid: UUID, ds: Iterable[Ds]) -> None:
    """Store the DS records that the delegation of the zone by one of this appliance has from now on."""
    _update(uuid, delegated=ds_documents(ds))


def store_served(uuid: UUID, served: Mapping[str, ServedSigning], signed_at: datetime | None) -> None:
    """Store what the nameservers serve, by name, and since when all of them serve the zone signed."""
    values = {name: served_document(one) for name, one in served.items()}
    _update(uuid, served=values, signed_at=signed_at)
    _store_expiry(uuid, served)


def store_lack_of_keys(uuid: UUID, *, lacks_keys: bool) -> None:
    """Store whether the zone lacks keys."""
    _update(uuid, lacks_keys=lacks_keys)


def store_stuck(uuid: UUID, *, is_stuck: bool) -> None:
    """Store whether named does not publish the content of the zone."""
    _update(uuid, is_stuck=is_stuck)


def store_signed_again(uuid: UUID, *, is_seeded: bool) -> None:
    """Store that named signs the zone again: from a copy that was signed, or everything."""
    _update(uuid, is_stuck=False, **({} if is_seeded else {"signed_at": None}))


def make_due(uuids: Iterable[UUID], now: datetime) -> None:
    """Store that the signing of these zones is to be checked."""
    ids = [_id_of(uuid) for uuid in uuids]
    for part in tables.batches(ids):
        tables.Signing.update(due_at=now).where(tables.Signing.zone.in_(part)).execute()


def make_due_in(zone: Zone, now: datetime) -> None:
    """Store that the signing of this zone and those below it is to be checked: other zones may delegate them now."""
    _make_due_between(*name_keys.below(name_keys.domain_key(zone.name)), now)


@PreparedWrite
def _make_due_between(low: str, high: str, now: datetime) -> pw.ModelUpdate:
    key = tables.Zone.name_key
    found = tables.Zone.select(tables.Zone.id).where(key >= low, key < high)
    return tables.Signing.update(due_at=now).where(tables.Signing.zone.in_(found))


def make_all_due(now: datetime) -> None:
    """Store that the signing of every zone is to be checked."""
    tables.Signing.update(due_at=now).where(tables.Signing.due_at > now).execute()


def count() -> int:
    """Return the number of zones that are or were signed."""
    return int(tables.Signing.select().count())


def store_keys(uuid: UUID, keys: Iterable[SigningKey]) -> None:
    """Store the keys of a zone as named has them now; those that are gone are removed, backups are remembered."""
    zone, row = _id_of(uuid), tables.SigningKey
    present = list(keys)
    row.delete().where(row.zone == zone, row.tag.not_in([key.tag for key in present])).execute()
    for key in present:
        columns = asdict(key)
        del columns["backed_up_at"]
        columns |= {"dnskey": key.dnskey.value, "ds": key.ds.value}
        row.insert(zone=zone, **columns).on_conflict(
            conflict_target=[row.zone, row.tag, row.public_key],
            preserve=[row.is_wanted, row.dnskey, row.ds],
        ).execute()


def mark_backed_up(public_keys: Iterable[str], now: datetime) -> None:
    """Store that a backup has these keys, given as their public keys."""
    row = tables.SigningKey
    for part in tables.batches(public_keys):
        row.update(backed_up_at=now).where(row.public_key.in_(part)).execute()


def key_tags(uuid: UUID) -> frozenset[int]:
    """Return the tags of the keys with which named signs the zone, as far as is known."""
    return frozenset(row.tag for row in _keys_of(frozenset((uuid,))))


def due(now: datetime, limit: int) -> list[UUID]:
    """Return zones whose signing is due to be checked, those that wait longest first; deleted zones are never due."""
    row = tables.Signing
    zones = tables.Zone.select(tables.Zone.uuid, row.due_at).join(row).where(tables.Zone.deleted_at.is_null())
    query = zones.where(_is_past(now)) + zones.where(_is_of_other_clock(now))
    return [one.uuid for one in query.order_by(pw.SQL("due_at")).limit(limit)]


def put_off(uuid: UUID, due_at: datetime, began: datetime) -> None:
    """Store when the zone is checked next, unless a user changed something since the check that `began` then."""
    row = tables.Signing
    row.update(due_at=due_at).where(row.zone == _id_of(uuid), _is_past(began) | _is_of_other_clock(began)).execute()


def _is_past(now: datetime) -> pw.Expression:
    return tables.Signing.due_at <= now


def _is_of_other_clock(now: datetime) -> pw.Expression:
    """Return the condition of zones that would be due too late: the clock was set back since they were checked."""
    return tables.Signing.due_at > now + LONGEST_PAUSE


def store_reported(uuid: UUID, reported: Mapping[int, DsReport]) -> None:
    """Store what named was reported of the DS of each key, by tag."""
    _update(uuid, reported={str(tag): report.value for tag, report in reported.items()})


def store_signed_serial(uuid: UUID, serial: int) -> None:
    """Store the latest serial that was seen of the signed zone; its next edit follows it."""
    tables.Zone.update(signed_serial=serial).where(tables.Zone.uuid == uuid).execute()


def end_rollover(uuid: UUID) -> None:
    """Store that the rollover has begun that a user wanted."""
    _update(uuid, roll_requested_at=None)


def _store_expiry(uuid: UUID, served: Mapping[str, ServedSigning]) -> None:
    row, zone = tables.SignatureExpiry, _id_of(uuid)
    row.delete().where(row.zone == zone).execute()
    for name, one in served.items():
        if one.expires_at:
            row.insert(zone=zone, nameserver=name, expires_at=one.expires_at).execute()


def _update(uuid: UUID, **columns: object) -> None:
    tables.Signing.update(columns).where(tables.Signing.zone == _id_of(uuid)).execute()


def _id_of(uuid: UUID) -> pw.ModelSelect[tables.Zone]:
    return tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == uuid)


@PreparedSelect
def _rows_of(uuids: frozenset[UUID]) -> pw.ModelSelect[tables.Signing]:
    row = tables.Signing
    return row.select(row, tables.Zone.uuid).join(tables.Zone).where(tables.Zone.uuid.in_(list(uuids)))


@PreparedSelect
def _keys_of(uuids: frozenset[UUID]) -> pw.ModelSelect[tables.SigningKey]:
    row = tables.SigningKey
    chosen = row.select(row, tables.Zone.uuid).join(tables.Zone).where(tables.Zone.uuid.in_(list(uuids)))
    return chosen.order_by(row.created_at, row.tag)
