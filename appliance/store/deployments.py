"""Rows of deployments and observations. The deployer alone writes; API, console, CLI and metrics read."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import peewee as pw
from dns.name import Name

from appliance.store import holds, name_keys, observations, tables
from appliance.store.prepared import PreparedSelect, PreparedWrite, in_parts
from appliance.store.zones import is_held
from appliance.zones.deployment import Deployment, Method, NameserverState, Observation, Publication
from appliance.zones.model import Zone
from appliance.zones.ownership import Hold


@dataclass(frozen=True, slots=True)
class ZoneStatus:
    """The stored state of one zone, deleted or not: its serial, and what the deployer did last."""

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
    """The zone file that was last published; None if another store or an older release published it."""
    proven: int | None = None
    """The serial at which the primary's content was last proven to be that of the store; None if that is unknown."""
    signed: bool = False
    """Whether the zone is published signed, and has a content number."""


def of_zones(zones: Sequence[Zone], nameservers: Sequence[str]) -> Mapping[UUID, Deployment]:
    """Return the deployment of each of these zones, in four statements."""
    uuids = [zone.uuid for zone in zones]
    held = holds.of_zones(uuids)
    deployed = {row.zone.uuid: row for row in _deployments_of(frozenset(uuids))}
    observed = {(row.zone.uuid, row.nameserver): row for row in _observations_of(frozenset(uuids))}
    confirmed = {row.nameserver: row.confirmed_at for row in _confirmations()}
    return {
        zone.uuid: _deployment(
            zone,
            deployed.get(zone.uuid, tables.Deployment()),
            [_observation(observed.get((zone.uuid, name)), name, confirmed.get(name)) for name in nameservers],
            held.get(zone.uuid),
        )
        for zone in zones
    }


def statuses(uuids: Iterable[UUID] | None = None) -> list[ZoneStatus]:
    """Return the status of these zones, or of all zones but those whose removal was confirmed; never of held zones.

    All rows are read before this returns: while a read of the same connection is open, SQLite fails a write at once if
    another process has written since.
    """
    parts = [None] if uuids is None else map(frozenset, tables.batches(uuids))
    return [_status(row) for part in parts for row in _with_deployment.tuples(part)]


@PreparedSelect
def _with_deployment(uuids: frozenset[UUID] | None) -> pw.ModelSelect[tables.Zone]:
    """Select the columns that `_status` reads."""
    zone, deployed = tables.Zone, tables.Deployment
    of_zone = zone.uuid, zone.name, zone.serial, zone.record_count, zone.deleted_at, deployed.removed_at
    of_deployment = deployed.serial, deployed.live_serial, deployed.error, deployed.proven
    published = deployed.published_serial, deployed.published_digest, deployed.published_apex, deployed.published_method
    query = (
        zone.select(*of_zone, *of_deployment, zone.signed, *published)
        .join(deployed, pw.JOIN.LEFT_OUTER)
        .where(zone.deleted_at.is_null(False) | ~is_held())
        .order_by(zone.id)
    )
    if uuids is not None:
        return query.where(tables.Zone.uuid.in_(list(uuids)))
    return query.where(tables.Zone.deleted_at.is_null() | tables.Deployment.removed_at.is_null())


Columns = dict[str, Any]
"""Columns of a row of deployments, by name."""


def attempt_columns(serial: int, error: str | None, published: Publication | None = None) -> Columns:
    """Return the columns to store when a deployment of this serial was attempted; `error` is None if it succeeded.

    `published` is None if nothing reached the primary: the former publication then stays.
    """
    return {"serial": serial, "error": error, **(_columns_of(published) if published else {})}


def file_columns(published: Publication) -> Columns:
    """Return the columns to store when a file was written of content that was published in another way."""
    return {name: value for name, value in _columns_of(published).items() if name != "published_method"}


def live_columns(serial: int, now: datetime) -> Columns:
    """Return the columns to store when every nameserver serves this serial."""
    return {"serial": serial, "live_serial": serial, "live_at": now, "error": None, "removed_at": None}


def update_columns(serial: int) -> Columns:
    """Return the columns to store when content of this serial was published by UPDATE; the zone's file stays."""
    return {"serial": serial, "error": None, "published_method": Method.UPDATE.value}


def proof_columns(serial: int | None) -> Columns:
    """Return the columns to store when the primary's content was proven at this serial; None: it is in doubt."""
    return {"proven": serial}


def removal_columns(now: datetime) -> Columns:
    """Return the columns to store when no nameserver answers for the deleted zone any longer."""
    return {"removed_at": now, "error": None, "proven": None}


def store_found_publications(found: Iterable[tuple[UUID, Publication]]) -> None:
    """Store the publications of zones that have none stored."""
    for uuid, published in found:
        _store_found_publication(uuid, **_columns_of(published))


@PreparedWrite
def _store_found_publication(uuid: UUID, /, **columns: object) -> pw.ModelUpdate:
    row, zone = tables.Deployment, tables.Zone
    of_zone = row.zone == zone.select(zone.id).where(zone.uuid == uuid)
    return row.update(columns).where(of_zone, row.published_serial.is_null())


def publication_of(uuid: UUID) -> Publication | None:
    """Return what was last published of the zone, or None if it is unknown."""
    row = _deployments_of.first(frozenset((uuid,))) or tables.Deployment()
    return _publication(row.published_serial, row.published_digest, row.published_apex, row.published_method)


def may_be_served(uuid: UUID) -> bool:
    """Return True if nameservers may have served the zone: it was live once, or was restored, which forgets that."""
    row = _deployments_of.first(frozenset((uuid,)))
    return row is not None and (row.serial is None or row.live_serial is not None)


def store_removed(uuid: UUID, now: datetime) -> None:
    """Store that no nameserver answers for the deleted zone any longer."""
    store_all({uuid: removal_columns(now)}, {})


def forget_removal(uuid: UUID) -> None:
    """Forget that a deleted zone was removed from all nameservers: it is restored."""
    zone_id = tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == uuid)
    tables.Deployment.update(removed_at=None).where(tables.Deployment.zone == zone_id).execute()


def forget_proof(uuid: UUID) -> None:
    """Forget that the primary's content was proven: the zone is published by its file next."""
    zone_id = tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == uuid)
    tables.Deployment.update(proven=None).where(tables.Deployment.zone == zone_id).execute()


def store_all(
    deployed: Mapping[UUID, Columns],
    observed: Mapping[UUID, Iterable[Observation]],
    unanswered: Mapping[UUID, Iterable[str]] | None = None,
) -> None:
    """Store deployments of zones and answers of nameservers, in a few statements; ignore zones that do not exist.

    Without `checked_at` the time of the last answer is kept; without `changed_at` it is `checked_at`. `changed_at` is
    updated only if serial or state changed. A nameserver that left a zone `unanswered` keeps its last serial and state.
    """
    ids = _ids_of({*deployed, *observed, *(unanswered or {})})
    for rows in _by_columns({ids[uuid]: row for uuid, row in deployed.items() if uuid in ids}).values():
        for part in in_parts(rows):
            _store_deployments(part)
    observations.store_answers({ids[uuid]: found for uuid, found in observed.items() if uuid in ids})
    observations.mark_unanswered({ids[uuid]: names for uuid, names in (unanswered or {}).items() if uuid in ids})


def removed_before(uuids: Iterable[UUID], moment: datetime) -> list[UUID]:
    """Return those of these zones that are deleted and whose removal was confirmed before that moment."""
    is_gone = tables.Zone.deleted_at.is_null(False), tables.Deployment.removed_at < moment
    query = tables.Zone.select(tables.Zone.uuid).join(tables.Deployment).where(*is_gone)
    return [row.uuid for part in tables.batches(uuids) for row in query.where(tables.Zone.uuid.in_(part))]


@PreparedWrite
def _store_deployments(rows: list[Columns]) -> pw.ModelInsert:
    """Store rows that have the same columns."""
    row = tables.Deployment
    columns = [getattr(row, name) for name in rows[0]]
    return row.insert_many(rows).on_conflict(conflict_target=[row.zone], preserve=columns)


def _ids_of(uuids: Iterable[UUID]) -> dict[UUID, int]:
    return {row.uuid: row.id for part in tables.batches(uuids) for row in _zones(frozenset(part))}


@PreparedSelect
def _zones(uuids: frozenset[UUID]) -> pw.ModelSelect[tables.Zone]:
    return tables.Zone.select(tables.Zone.uuid, tables.Zone.id).where(tables.Zone.uuid.in_(list(uuids)))


def _by_columns(deployed: Mapping[int, Columns]) -> dict[tuple[str, ...], list[Columns]]:
    """Group rows by the names of their columns: all rows of one statement have the same columns."""
    found: dict[tuple[str, ...], list[Columns]] = {}
    for zone_id, columns in deployed.items():
        found.setdefault(tuple(sorted(columns)), []).append({"zone": zone_id, **columns})
    return found


def _columns_of(published: Publication) -> dict[str, Any]:
    return {
        "published_serial": published.serial,
        "published_digest": published.digest,
        "published_apex": published.derived,
        "published_method": published.method.value,
    }


def _publication(serial: int | None, digest: str | None, derived: str | None, method: str | None) -> Publication | None:
    if serial is None:
        return None
    # what is derived has one digest in nearly all zones
    return Publication(serial, digest or "", sys.intern(derived or ""), Method(method) if method else Method.FILE)


@PreparedSelect
def _deployments_of(uuids: frozenset[UUID]) -> pw.ModelSelect[tables.Deployment]:
    row = tables.Deployment
    return row.select(row, tables.Zone.uuid).join(tables.Zone).where(tables.Zone.uuid.in_(list(uuids)))


@PreparedSelect
def _observations_of(uuids: frozenset[UUID]) -> pw.ModelSelect[tables.Observation]:
    row = tables.Observation
    return row.select(row, tables.Zone.uuid).join(tables.Zone).where(tables.Zone.uuid.in_(list(uuids)))


@PreparedSelect
def _confirmations() -> pw.ModelSelect[tables.Confirmation]:
    return tables.Confirmation.select()


def _deployment(zone: Zone, row: tables.Deployment, seen: list[Observation], hold: Hold | None) -> Deployment:
    return Deployment(
        serial=zone.serial,
        attempted=row.serial,
        live_serial=row.live_serial,
        live_at=row.live_at,
        queued_at=zone.queued_at,
        error=hold.text if hold and zone.deleted_at is None else row.error,
        nameservers=seen,
        removed=row.removed_at is not None,
        deleted=zone.deleted_at is not None,
        hold=hold,
    )


def _observation(row: tables.Observation | None, nameserver: str, confirmed_at: datetime | None) -> Observation:
    if row is None:
        return Observation(nameserver, None, NameserverState.LAGGING, None, answered=False)
    moments = (row.checked_at, confirmed_at if row.answered else None)
    checked_at = max(filter(None, moments), default=None)
    return Observation(nameserver, row.serial, NameserverState(row.state), checked_at, row.changed_at, row.answered)


def _status(row: tuple[Any, ...]) -> ZoneStatus:
    """Return the status of a row of `_with_deployment`."""
    uuid, name, serial, record_count, deleted_at, removed_at, *of_deployment, signed = row[:11]
    attempted, live_serial, error, proven = of_deployment
    return ZoneStatus(
        uuid=UUID(uuid),
        name=name_keys.domain_from(name),
        serial=serial,
        record_count=record_count,
        deleted=deleted_at is not None,
        removed=removed_at is not None,
        attempted=attempted,
        live_serial=live_serial,
        error=error,
        published=_publication(*row[11:]),
        proven=proven,
        signed=bool(signed),
    )
