"""Who asks for a write: what they may see, and what they may write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from uuid import UUID

from dns.rdatatype import RdataType

from appliance.errors import NotFound, NotPermitted
from appliance.store import records, zones
from appliance.store.journal import Actor
from appliance.store.zones import Scope
from appliance.zones.changes import Change, Update
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_owner


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a write, what they may see, and the record types and names that they are limited to."""

    account: UUID
    actor: Actor
    scope: Scope
    operator: bool = False
    record_types: Sequence[str] | None = None
    record_names: Sequence[str] | None = None

    def may_write(self, rdtype: RdataType, name: str) -> bool:
        """True when no limit of the token stands against a record of that type and relative name."""
        return _matches(rdtype.name, self.record_types) and _matches(name, self.record_names)


def find_zone(uuid: UUID, scope: Scope) -> Zone:
    """The zone of that uuid; NotFound when there is none in the scope."""
    zone = zones.get(uuid, scope)
    if zone is None:
        raise NotFound("there is no such zone")
    return zone


def find_record(uuid: UUID, scope: Scope) -> tuple[Zone, Record]:
    """The record of that uuid and its zone; NotFound when there is none in the scope."""
    found = records.get(uuid, scope)
    if found is None:
        raise NotFound("there is no such record")
    return found


def refuse_limited(caller: Caller, deed: str) -> None:
    """Raise NotPermitted when the caller's token is limited to some records: a whole zone is more than these."""
    if caller.record_types is not None or caller.record_names is not None:
        raise NotPermitted(f"this token is limited to some records and cannot {deed}")


def check_grant(caller: Caller, zone: Zone, change: Change) -> None:
    """Raise NotPermitted when a limit of the caller's token stands against the change."""
    for record in (change.before, change.after) if isinstance(change, Update) else (change.record,):
        name = print_owner(record.owner, zone.name)
        if not caller.may_write(record.rdtype, name):
            raise NotPermitted(f"this token may not write {record.rdtype.name} records at {name}")


def _matches(text: str, patterns: Sequence[str] | None) -> bool:
    return patterns is None or any(fnmatchcase(text, pattern) for pattern in patterns)
