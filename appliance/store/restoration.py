"""What a restored store adopts from the store that it replaces, in rows. Only `appliance.recovery` uses this module.

The replaced store is only read; any older release may have written it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from dns.name import Name

from appliance.store import (
    accounts,
    columns,
    delegations,
    deployments,
    name_keys,
    records,
    replaced_signing,
    tables,
    zones,
)
from appliance.store.file import snapshot, sqlite
from appliance.store.replaced_signing import NEVER_SIGNED, ReplacedSigning
from appliance.zones.model import Zone
from appliance.zones.serial import latest

_INSTANT = columns.Instant()


@dataclass(frozen=True, slots=True)
class ReplacedZone:
    """A zone in the replaced store, deleted or not; `content` is a digest of its records, None if it is deleted.

    `signing` is what the replaced store knows of its DNSSEC.
    """

    uuid: UUID
    name: Name
    account: UUID
    serial: int
    revision: int
    deleted_at: datetime | None
    removed_at: datetime | None
    content: str | None
    signing: ReplacedSigning = NEVER_SIGNED

    @property
    def last_serial(self) -> int:
        """Return the latest serial that was stored, or seen of the signed zone."""
        seen = self.signing.signed_serial
        return self.serial if seen is None else latest(self.serial, seen)


@dataclass(frozen=True, slots=True)
class ReplacedStore:
    """The replaced store: its zones by name, oldest first; revocations and credentials by uuid of token or account.

    `held` are the zones that it held until their ownership was proven.
    """

    zones: dict[Name, list[ReplacedZone]]
    revoked: dict[UUID, datetime | None]
    disabled: dict[UUID, datetime | None]
    password_hashes: dict[UUID, tuple[str | None, bool]]
    """With whether somebody else chose the password."""
    totp_secrets: dict[UUID, str | None]
    recovery_codes: list[tuple[UUID, str, int, int | None]]
    """Account, digest, times of creation and use."""
    held: frozenset[UUID] = frozenset()


def read_replaced(file: Path) -> ReplacedStore:
    """Read the store that is to be replaced; raise StoreError if it is damaged."""
    snapshot.verify(file)
    with snapshot.translating_errors(file), closing(sqlite.connect(file)) as reader:
        found: dict[Name, list[ReplacedZone]] = {}
        signing = replaced_signing.read_replaced(reader)
        for number, *columns in reader.execute(_ZONES).fetchall():
            lines = reader.execute(_LINES, (number,))
            zone = _past_zone(columns, _digest(line for (line,) in lines), signing)
            found.setdefault(zone.name, []).append(zone)
        return ReplacedStore(
            found,
            {UUID(uuid): _moment(at) for uuid, at in reader.execute("select uuid, revoked_at from token")},
            {UUID(uuid): _moment(at) for uuid, at in reader.execute("select uuid, disabled_at from account")},
            {UUID(uuid): (stored, bool(first)) for uuid, stored, first in reader.execute(_passwords(reader))},
            {UUID(uuid): stored for uuid, stored in reader.execute(_totp_secrets(reader))},
            [(UUID(uuid), *columns) for uuid, *columns in reader.execute(_recovery_codes(reader))],
            frozenset(UUID(uuid) for (uuid,) in reader.execute(_held(reader))),
        )


def content_of(zone: Zone) -> str:
    """Return the digest of a stored zone's records."""
    return _digest(records.lines_of(zone).text.splitlines())


def delegated(existing: Iterable[Zone | ReplacedZone], held: Collection[UUID]) -> dict[Name, set[Name]]:
    """Return the child zones of those of these zones that have any, `held` ones aside.

    Some may not be delegated, being below a delegation by NS records.
    """
    rows = [(name_keys.domain_key(one.name), one.account, one.name) for one in existing if one.uuid not in held]
    found: dict[Name, set[Name]] = {}
    for above, below in delegations.nearest_above(sorted(rows)):
        found.setdefault(above, set()).add(below)
    return found


def held() -> frozenset[UUID]:
    """Return the zones that are held in the restored store."""
    return frozenset(row.zone.uuid for row in tables.Hold.select(tables.Hold, tables.Zone.uuid).join(tables.Zone))


def tombstones() -> list[Zone]:
    """Return all deleted zones, oldest first."""
    rows = tables.Zone.select(tables.Zone, tables.Account.uuid).join(tables.Account).order_by(tables.Zone.id)
    return [zones.from_row(row) for row in rows.where(tables.Zone.deleted_at.is_null(False))]


def add_tombstone(replaced: ReplacedZone, now: datetime) -> bool:
    """Store that a zone was deleted, with its last serial; return False if its account does not exist."""
    if not tables.Account.select().where(tables.Account.uuid == replaced.account).exists():
        return False
    moment = replaced.deleted_at or now
    zone = Zone(
        uuid=replaced.uuid,
        name=replaced.name,
        account=replaced.account,
        serial=replaced.serial,
        revision=replaced.revision,
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
    if replaced.removed_at:
        deployments.store_removed(zone.uuid, replaced.removed_at)
    return True


def raise_record_revisions(zone: Zone) -> None:
    """Set the revision of every record to the zone's, which is at least as high as that of any of its records."""
    number = tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone.uuid)
    tables.Record.update(revision=zone.revision).where(tables.Record.zone.in_(number)).execute()


def apply_revocations(replaced: ReplacedStore) -> None:
    """Revoke and disable what the replaced store had; adopt its passwords and second factors, which are newer."""
    for uuid, moment in replaced.revoked.items():
        if moment:
            tables.Token.update(revoked_at=moment).where(tables.Token.uuid == uuid).execute()
    accounts.delete_revoked_tsig_keys()
    for uuid, moment in replaced.disabled.items():
        if moment:
            tables.Account.update(disabled_at=moment).where(tables.Account.uuid == uuid).execute()
    for uuid, (stored, is_first) in replaced.password_hashes.items():
        changed = {"password_hash": stored, "password_is_first": is_first}
        tables.Account.update(changed).where(tables.Account.uuid == uuid).execute()
    for uuid, stored in replaced.totp_secrets.items():
        tables.Account.update(totp_secret=stored).where(tables.Account.uuid == uuid).execute()
    _adopt_recovery_codes(replaced)


def _adopt_recovery_codes(replaced: ReplacedStore) -> None:
    """Adopt the recovery codes of the replaced store, so that none that was used or replaced is valid again."""
    numbers = {row.uuid: row.id for row in tables.Account.select(tables.Account.id, tables.Account.uuid)}
    code = tables.RecoveryCode
    code.delete().where(code.account.in_([numbers[uuid] for uuid in replaced.disabled if uuid in numbers])).execute()
    for uuid, digest, created_at, used_at in replaced.recovery_codes:
        if uuid in numbers:
            moments = {"created_at": _moment(created_at), "used_at": _moment(used_at)}
            code.create(account=numbers[uuid], digest=digest, **moments)


def adopt_releases(replaced: ReplacedStore) -> None:
    """Release the zones that the replaced store had released since the backup."""
    known = {zone.uuid for found in replaced.zones.values() for zone in found}
    for part in tables.batches(known - replaced.held):
        zone_ids = tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid.in_(part))
        tables.Hold.delete().where(tables.Hold.zone.in_(zone_ids)).execute()


def delete_sessions_and_invitations() -> None:
    """Delete sessions and invitations: since the backup they may have been ended or used."""
    tables.Session.delete().execute()
    tables.Invitation.delete().execute()


def delete_observed_state() -> None:
    """Delete what was published and observed before the backup: every zone is deployed and verified again."""
    published = dict.fromkeys(("published_serial", "published_digest", "published_apex", "published_method"))
    unknown = dict.fromkeys(("serial", "live_serial", "live_at", "error", "proven"))
    tables.Deployment.update({**unknown, **published}).execute()
    tables.Observation.delete().execute()
    tables.Confirmation.delete().execute()
    tables.Heartbeat.delete().execute()
    tables.UpdateListener.delete().execute()
    tables.UnknownZone.delete().execute()  # with an operator's permission to remove them


_ZONES = """
select zone.id, zone.uuid, zone.name, account.uuid, zone.serial, zone.revision, zone.deleted_at, deployment.removed_at
from zone join account on account.id = zone.account_id left join deployment on deployment.zone_id = zone.id
order by zone.id
"""
_LINES = "select line from record where zone_id = ? order by owner_key, rdtype, wire"


def _past_zone(columns: list[object], content: str, signing: Mapping[UUID, ReplacedSigning]) -> ReplacedZone:
    uuid, name, account, serial, revision, deleted_at, removed_at = columns
    deleted = _moment(deleted_at)
    return ReplacedZone(
        uuid=UUID(str(uuid)),
        name=name_keys.domain_from(str(name)),
        account=UUID(str(account)),
        serial=int(str(serial)),
        revision=int(str(revision)),
        deleted_at=deleted,
        removed_at=_moment(removed_at),
        content=None if deleted else content,
        signing=signing.get(UUID(str(uuid)), NEVER_SIGNED),
    )


def _totp_secrets(reader: sqlite.Connection) -> str:
    """Return the query for second factors, a column that older releases do not have."""
    return f"select uuid, {_column(reader, 'totp_secret', 'null')} from account"  # noqa: S608 - columns of ours


def _passwords(reader: sqlite.Connection) -> str:
    """Return the query for passwords, and whether somebody else chose them, a column that older releases lack."""
    return f"select uuid, password_hash, {_column(reader, 'password_is_first', '0')} from account"  # noqa: S608 - as above


def _column(reader: sqlite.Connection, name: str, otherwise: str) -> str:
    columns = {name for _, name, *_ in reader.execute("pragma table_info(account)")}
    return name if name in columns else otherwise


def _recovery_codes(reader: sqlite.Connection) -> str:
    """Return the query for recovery codes, a table that older releases do not have."""
    if not reader.execute("select 1 from sqlite_master where name = 'recovery_code'").fetchall():
        return "select null, null, null, null where false"
    return (
        "select account.uuid, digest, recovery_code.created_at, used_at"
        " from recovery_code join account on account.id = recovery_code.account_id"
    )


def _held(reader: sqlite.Connection) -> str:
    """Return the query for held zones, of which older releases have no table."""
    tables_named = reader.execute("select 1 from sqlite_master where type = 'table' and name = 'hold'").fetchall()
    return "select zone.uuid from hold join zone on zone.id = hold.zone_id" if tables_named else "select 1 where 0"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _moment(stored: object) -> datetime | None:
    return None if stored is None else _INSTANT.python_value(int(str(stored)))
