"""What the deployer did and saw. It alone writes here; API, console, command line and metrics read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.store import name_keys, tables
from appliance.zones.deployment import Deployment, Method, NameserverState, Observation, Publication
from appliance.zones.model import Zone

_Row = TypeVar("_Row", tables.Deployment, tables.Observation)


@dataclass(frozen=True, slots=True)
class ZoneStatus:
    """What the store says of one zone, living or deleted: what is wanted, and what was done last."""

    uuid: UUID
    name: Name
    serial: int
    record_count: int
    deleted: bool
    removed: bool
    attempted: int | None
    live_serial: int | None
    error: str | None
    published: Publication | None = None
    """What was last published; None: by another store, or by a release that did not store it."""


def of_zones(zones: Sequence[Zone], nameservers: Sequence[str]) -> Mapping[UUID, Deployment]:
    """Where each of these zones has come to; three statements, however many zones."""
    uuids = [zone.uuid for zone in zones]
    done = {row.zone.uuid: row for row in _of(tables.Deployment, uuids)}
    seen = {(row.zone.uuid, row.nameserver): row for row in _of(tables.Observation, uuids)}
    confirmed = {row.nameserver: row.confirmed_at for row in tables.Confirmation.select()}
    return {
        zone.uuid: _deployment(
            zone,
            done.get(zone.uuid, tables.Deployment()),
            [_seen(seen.get((zone.uuid, name)), name, confirmed.get(name)) for name in nameservers],
        )
        for zone in zones
    }


def statuses(uuids: Iterable[UUID] | None = None) -> list[ZoneStatus]:
    """The standing of these zones, or of all whose removal has not been seen yet.

    All are read before this returns: SQLite refuses a write at once while a read of the same connection is open and
    another process has written since.
    """
    query = (
        tables.Zone.select(tables.Zone, tables.Deployment)
        .join(tables.Deployment, pw.JOIN.LEFT_OUTER, attr="done")
        .order_by(tables.Zone.id)
    )
    if uuids is not None:
        query = query.where(tables.Zone.uuid.in_(list(uuids)))
    else:
        query = query.where(tables.Zone.deleted_at.is_null() | tables.Deployment.removed_at.is_null())
    return [_standing(row) for row in query.iterator()]


Columns = dict[str, Any]
"""Columns of a zone's row of deployments, by name."""


def attempted(serial: int, error: str | None, published: Publication | None = None) -> Columns:
    """Return what to store when the deployer took this serial up; `error` says where its way ended.

    None in place of `published`: nothing reached the primary, and what was published before is so still.
    """
    return {"serial": serial, "error": error, **(_columns_of(published) if published else {})}


def live(serial: int, now: datetime) -> Columns:
    """Return what to store when every nameserver was seen serving this serial."""
    return {"serial": serial, "live_serial": serial, "live_at": now, "error": None}


def removed(now: datetime) -> Columns:
    """Return what to store when no nameserver answers for the deleted zone."""
    return {"removed_at": now, "error": None}


def store_attempt(uuid: UUID, serial: int, error: str | None, published: Publication | None = None) -> None:
    """Store that the deployer took this serial up."""
    note_all({uuid: attempted(serial, error, published)}, {})


def note_found(found: Iterable[tuple[UUID, Publication]]) -> None:
    """Store what is published, of zones of which nothing is stored about it."""
    for uuid, published in found:
        tables.Deployment.update(_columns_of(published)).where(
            tables.Deployment.zone == _ids_of([uuid]).get(uuid), tables.Deployment.published_serial.is_null()
        ).execute()


def publication_of(uuid: UUID) -> Publication | None:
    """Return what was last published of the zone, None when it is not known."""
    row = tables.Deployment.select().join(tables.Zone).where(tables.Zone.uuid == uuid).get_or_none()
    return _publication(row)


def store_live(uuid: UUID, serial: int, now: datetime) -> None:
    """Every nameserver was seen serving this serial."""
    note_all({uuid: live(serial, now)}, {})


def store_removed(uuid: UUID, now: datetime) -> None:
    """No nameserver answers for the deleted zone."""
    note_all({uuid: removed(now)}, {})


def store_observations(uuid: UUID, seen: Iterable[Observation]) -> None:
    """Store what nameservers answered for the zone, as `note_all` does."""
    note_all({}, {uuid: seen})


def note_all(
    done: Mapping[UUID, Columns],
    seen: Mapping[UUID, Iterable[Observation]],
    unanswered: Mapping[UUID, Iterable[str]] | None = None,
) -> None:
    """Store what was done for these zones and what nameservers answered, in a few statements; skip unknown zones.

    Without a `checked_at` the moment of the last answer stays as it was; without a `changed_at` it is `checked_at`.
    `changed_at` moves only with another serial or state. Nameservers that left a zone `unanswered` keep what they said.
    """
    ids = _ids_of({*done, *seen, *(unanswered or {})})
    for columns, rows in _alike({ids[uuid]: row for uuid, row in done.items() if uuid in ids}).items():
        tables.Deployment.insert_many(rows).on_conflict(
            conflict_target=[tables.Deployment.zone], preserve=[getattr(tables.Deployment, name) for name in columns]
        ).execute()
    observations = [_observation(ids[uuid], one) for uuid, found in seen.items() if uuid in ids for one in found]
    if observations:
        tables.Observation.insert_many(observations).on_conflict(
            conflict_target=[tables.Observation.zone, tables.Observation.nameserver], update=_newer_answer()
        ).execute()
    silent: dict[str, list[int]] = {}
    for uuid, names in (unanswered or {}).items():
        for name in names if uuid in ids else ():
            silent.setdefault(name, []).append(ids[uuid])
    for name, zone_ids in silent.items():
        _mark_unanswered(name, zone_ids)


def all_seen() -> dict[tuple[UUID, str], tuple[int | None, NameserverState, bool]]:
    """Return serial, state and `answered` of every nameserver and zone whose removal has not been seen."""
    row = tables.Observation
    query = (
        row.select(tables.Zone.uuid, row.nameserver, row.serial, row.state, row.answered)
        .join(tables.Zone)
        .join(tables.Deployment, pw.JOIN.LEFT_OUTER)
        .where(tables.Deployment.removed_at.is_null())
    )
    rows: Iterable[tuple[UUID, str, int | None, str, bool]] = query.tuples().iterator()
    return {(uuid, name): (serial, NameserverState(state), answered) for uuid, name, serial, state, answered in rows}


def note_confirmed(nameservers: Iterable[str], moment: datetime) -> None:
    """Store that these nameservers were queried about every zone at that moment, in a completed reconciliation.

    It confirms every row that is `answered`: what zones were left unanswered must be stored before.
    """
    for name in nameservers:
        tables.Confirmation.insert(nameserver=name, confirmed_at=moment).on_conflict_replace().execute()


def note_unanswered(uuid: UUID, nameservers: Iterable[str]) -> None:
    """Store that these nameservers left the last question about the zone unanswered; what they said before stays."""
    note_all({}, {}, {uuid: nameservers})


def removed_before(uuids: Iterable[UUID], moment: datetime) -> list[UUID]:
    """Those of these zones whose removal was seen before that moment."""
    query = tables.Zone.select(tables.Zone.uuid).join(tables.Deployment).where(tables.Deployment.removed_at < moment)
    return [row.uuid for part in tables.batches(uuids) for row in query.where(tables.Zone.uuid.in_(part))]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the deployer last said of itself: its last turn, its last full turn, how many of these, zones that wait."""

    beat_at: datetime
    reconciled_at: datetime | None
    reconciliations: int
    pending: int


def store_heartbeat(sign: Heartbeat) -> None:
    """The deployer is at work."""
    tables.Heartbeat.insert(
        id=1,
        beat_at=sign.beat_at,
        reconciled_at=sign.reconciled_at,
        reconciliations=sign.reconciliations,
        pending=sign.pending,
    ).on_conflict_replace().execute()


def last_heartbeat() -> Heartbeat | None:
    """What the deployer last said of itself."""
    row = tables.Heartbeat.get_or_none(tables.Heartbeat.id == 1)
    return Heartbeat(row.beat_at, row.reconciled_at, row.reconciliations, row.pending) if row else None


def beat_at() -> datetime | None:
    """When the deployer last said that it is at work."""
    sign = last_heartbeat()
    return sign.beat_at if sign else None


def _newer_answer() -> dict[pw.Field, Any]:
    """What the row of a nameserver becomes when it answered again."""
    row, new = tables.Observation, pw.EXCLUDED
    same = (row.state == new.state) & pw.Expression(row.serial, "IS", new.serial)
    return {
        row.serial: new.serial,
        row.state: new.state,
        row.answered: new.answered,
        row.checked_at: pw.fn.coalesce(new.checked_at, _last_answer()),
        row.changed_at: pw.Case(None, ((same, row.changed_at),), new.changed_at),
    }


def _last_answer() -> pw.Case:
    """When the nameserver of a row last answered: by itself or in a reconciliation."""
    row, confirmation = tables.Observation, tables.Confirmation
    confirmed = confirmation.select(confirmation.confirmed_at).where(confirmation.nameserver == row.nameserver)
    later = pw.fn.max(row.checked_at, pw.fn.coalesce(confirmed, row.checked_at))
    return pw.Case(None, ((row.answered, later),), row.checked_at)


def _mark_unanswered(nameserver: str, zone_ids: list[int]) -> None:
    row = tables.Observation
    row.update(answered=False, checked_at=_last_answer()).where(
        row.zone.in_(zone_ids), row.nameserver == nameserver, row.answered
    ).execute()


def _ids_of(uuids: Iterable[UUID]) -> dict[UUID, int]:
    query = tables.Zone.select(tables.Zone.uuid, tables.Zone.id)
    found: dict[UUID, int] = {}
    for part in tables.batches(uuids):
        rows: Iterable[tuple[UUID, int]] = query.where(tables.Zone.uuid.in_(part)).tuples().iterator()
        found.update(rows)
    return found


def _alike(done: Mapping[int, Columns]) -> dict[tuple[str, ...], list[Columns]]:
    """The rows by the names of their columns: one statement has the same for all of its rows."""
    found: dict[tuple[str, ...], list[Columns]] = {}
    for zone_id, columns in done.items():
        found.setdefault(tuple(sorted(columns)), []).append({"zone": zone_id, **columns})
    return found


def _observation(zone_id: int, one: Observation) -> Columns:
    return {
        "zone": zone_id,
        "nameserver": one.nameserver,
        "serial": one.serial,
        "state": one.state.value,
        "checked_at": one.checked_at,
        "changed_at": one.changed_at or one.checked_at,
        "answered": one.answered,
    }


def _columns_of(published: Publication) -> dict[str, Any]:
    return {
        "published_serial": published.serial,
        "published_digest": published.digest,
        "published_apex": published.apex,
        "published_method": published.method.value,
    }


def _publication(row: tables.Deployment | None) -> Publication | None:
    if row is None or row.published_serial is None:
        return None
    digest, apex = row.published_digest or "", row.published_apex or ""
    return Publication(row.published_serial, digest, apex, Method(row.published_method or Method.FILE))


def _of(table: type[_Row], uuids: list[UUID]) -> pw.ModelSelect[_Row]:
    return table.select(table, tables.Zone.uuid).join(tables.Zone).where(tables.Zone.uuid.in_(uuids))


def _deployment(zone: Zone, done: tables.Deployment, seen: list[Observation]) -> Deployment:
    return Deployment(
        serial=zone.serial,
        attempted=done.serial,
        live_serial=done.live_serial,
        live_at=done.live_at,
        queued_at=zone.queued_at,
        error=done.error,
        nameservers=seen,
        removed=done.removed_at is not None,
        deleted=zone.deleted_at is not None,
    )


def _seen(row: tables.Observation | None, nameserver: str, confirmed_at: datetime | None) -> Observation:
    if row is None:
        return Observation(nameserver, None, NameserverState.LAGGING, None, answered=False)
    moments = (row.checked_at, confirmed_at if row.answered else None)
    checked_at = max(filter(None, moments), default=None)
    return Observation(nameserver, row.serial, NameserverState(row.state), checked_at, row.changed_at, row.answered)


def _standing(row: tables.Zone) -> ZoneStatus:
    done = getattr(row, "done", None)
    return ZoneStatus(
        uuid=row.uuid,
        name=name_keys.domain_from(row.name),
        serial=row.serial,
        record_count=row.record_count,
        deleted=row.deleted_at is not None,
        removed=bool(done and done.removed_at),
        attempted=done and done.serial,
        live_serial=done and done.live_serial,
        error=done and done.error,
        published=_publication(done),
    )
