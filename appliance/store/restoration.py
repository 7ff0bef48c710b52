"""What a store that comes back from a backup is told about the time since, in rows. Used by `appliance.recovery` alone.

The store that it replaces is only read, whatever release wrote it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from dns.name import Name

from appliance.store import deployments, name_keys, records, tables, zones
from appliance.store.file import snapshot, sqlite
from appliance.zones.model import Zone

_INSTANT = tables.Instant()


@dataclass(frozen=True, slots=True)
class PastZone:
    """A zone as the replaced store had it, deleted or not; `content` is a digest of its records, None when deleted."""

    uuid: UUID
    name: Name
    account: UUID
    serial: int
    revision: int
    deleted_at: datetime | None
    removed_at: datetime | None
    content: str | None


@dataclass(frozen=True, slots=True)
class Past:
    """What the replaced store says: its zones by name, the oldest first, and what was taken away from whom."""

    zones: dict[Name, list[PastZone]]
    revoked: dict[UUID, datetime | None]
    disabled: dict[UUID, datetime | None]
    password_hashes: dict[UUID, str | None]
    totp_secrets: dict[UUID, str | None]


def read_past(file: Path) -> Past:
    """What a store knows that is about to be replaced; StoreError when it is damaged."""
    snapshot.verify(file)
    with snapshot.told(file), closing(sqlite.connect(file)) as reader:
        found: dict[Name, list[PastZone]] = {}
        for number, *columns in reader.execute(_ZONES).fetchall():
            lines = reader.execute(_LINES, (number,))
            zone = _past_zone(columns, _digest(line for (line,) in lines))
            found.setdefault(zone.name, []).append(zone)
        return Past(
            found,
            {UUID(uuid): _moment(at) for uuid, at in reader.execute("select uuid, revoked_at from token")},
            {UUID(uuid): _moment(at) for uuid, at in reader.execute("select uuid, disabled_at from account")},
            {UUID(uuid): kept for uuid, kept in reader.execute("select uuid, password_hash from account")},
            {UUID(uuid): kept for uuid, kept in reader.execute(_totp_secrets(reader))},
        )


def content_of(zone: Zone) -> str:
    """The digest of a stored zone's records."""
    return _digest(records.lines_of(zone).text.splitlines())


def tombstones() -> list[Zone]:
    """Every deleted zone, the oldest first."""
    rows = tables.Zone.select(tables.Zone, tables.Account.uuid).join(tables.Account).order_by(tables.Zone.id)
    return [zones.from_row(row) for row in rows.where(tables.Zone.deleted_at.is_null(False))]


def add_tombstone(past: PastZone, now: datetime) -> bool:
    """Keep that a zone was deleted, and its last serial; False when its account is not there any more."""
    if not tables.Account.select().where(tables.Account.uuid == past.account).exists():
        return False
    moment = past.deleted_at or now
    zone = Zone(
        uuid=past.uuid,
        name=past.name,
        account=past.account,
        serial=past.serial,
        revision=past.revision,
        default_ttl=0,
        protected=False,
        comment="",
        record_count=0,
        created_at=moment,
        updated_at=moment,
        queued_at=moment,
    )
    zones.insert(zone)
    zones.mark_deleted(zone, deleted_at=moment)
    if past.removed_at:
        deployments.store_removed(zone.uuid, past.removed_at)
    return True


def lift_records(zone: Zone) -> None:
    """Give every record of the zone the zone's revision: no record of it had a later one, for that moves with each."""
    number = tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone.uuid)
    tables.Record.update(revision=zone.revision).where(tables.Record.zone.in_(number)).execute()


def take_away_again(past: Past) -> None:
    """Tokens revoked and accounts disabled since stay so; passwords and second factors are the newest ones."""
    for uuid, moment in past.revoked.items():
        if moment:
            tables.Token.update(revoked_at=moment).where(tables.Token.uuid == uuid).execute()
    for uuid, moment in past.disabled.items():
        if moment:
            tables.Account.update(disabled_at=moment).where(tables.Account.uuid == uuid).execute()
    for uuid, kept in past.password_hashes.items():
        tables.Account.update(password_hash=kept).where(tables.Account.uuid == uuid).execute()
    for uuid, kept in past.totp_secrets.items():
        tables.Account.update(totp_secret=kept).where(tables.Account.uuid == uuid).execute()


def forget_sessions() -> None:
    """Who was signed in then may have signed out since, and who was invited may have come: all begin anew."""
    tables.Session.delete().execute()
    tables.Invitation.delete().execute()


def forget_answers() -> None:
    """What nameservers answered before is no evidence any more: every zone waits to be seen again."""
    published = dict.fromkeys(("published_serial", "published_digest", "published_apex", "published_method"))
    tables.Deployment.update(serial=None, live_serial=None, live_at=None, error=None, **published).execute()
    tables.Observation.delete().execute()
    tables.Confirmation.delete().execute()
    tables.Heartbeat.delete().execute()
    tables.UnknownZone.delete().execute()  # and with them an operator's word about zones of then


_ZONES = """
select zone.id, zone.uuid, zone.name, account.uuid, zone.serial, zone.revision, zone.deleted_at, deployment.removed_at
from zone join account on account.id = zone.account_id left join deployment on deployment.zone_id = zone.id
order by zone.id
"""
_LINES = "select line from record where zone_id = ? order by owner_key, rdtype, wire"


def _past_zone(columns: list[object], content: str) -> PastZone:
    uuid, name, account, serial, revision, deleted_at, removed_at = columns
    deleted = _moment(deleted_at)
    return PastZone(
        uuid=UUID(str(uuid)),
        name=name_keys.domain_from(str(name)),
        account=UUID(str(account)),
        serial=int(str(serial)),
        revision=int(str(revision)),
        deleted_at=deleted,
        removed_at=_moment(removed_at),
        content=None if deleted else content,
    )


def _totp_secrets(reader: sqlite.Connection) -> str:
    """What reads the second factors, of which older releases knew nothing."""
    columns = {name for _, name, *_ in reader.execute("pragma table_info(account)")}
    return "select uuid, totp_secret from account" if "totp_secret" in columns else "select uuid, null from account"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _moment(stored: object) -> datetime | None:
    return None if stored is None else _INSTANT.python_value(int(str(stored)))
