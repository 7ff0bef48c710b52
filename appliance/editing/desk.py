"""The Editor: every write of zones and records, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.editing.caller import Caller, check_grant, find_record, find_zone, refuse_limited
from appliance.editing.claims import public_suffixes, refuse_taken
from appliance.editing.quotas import refuse_records_over, refuse_zone_over
from appliance.editing.wanted import RecordInput, check_comment, check_ttl
from appliance.errors import Finding, NotPermitted, RuleBroken, ZoneProtected
from appliance.render.zone_file import Apex, record_line
from appliance.settings import QuotaSettings
from appliance.store import journal, records, zones
from appliance.store.database import Store
from appliance.store.journal import Actor
from appliance.zones import rules
from appliance.zones.changes import Change, Create, Delete, Update, moves_serial, touched_owners
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, parse_owner, print_domain
from appliance.zones.rdata import parse_content, parse_type
from appliance.zones.reserved import OwnNames, refuse_reserved
from appliance.zones.serial import climb, latest, next_serial


@dataclass(frozen=True, slots=True)
class Editor:
    """The desk at which zones are changed. `announce` is called after each commit that the deployer should see."""

    store: Store
    apex: Apex
    own_names: OwnNames
    default_ttl: int
    clock: Callable[[], datetime]
    announce: Callable[[], None] = lambda: None
    quotas: QuotaSettings = field(default_factory=QuotaSettings)

    def create_zone(self, caller: Caller, domain: str) -> Zone:
        """A new, empty zone; InvalidName says why the domain cannot be had."""
        name = parse_domain(domain)
        refuse_reserved(name, self.own_names, public_suffixes().is_public, operator=caller.operator)
        if caller.scope.zones is not None:
            raise NotPermitted("this token is limited to its zones and cannot create others")
        refuse_limited(caller, "create a zone")
        now = self.clock()
        with self._writing():
            refuse_taken(name, caller.account, now)
            refuse_zone_over(self.quotas, caller)
            past = zones.past_serials(name)
            zone = Zone(
                uuid=uuid4(),
                name=name,
                account=caller.account,
                serial=next_serial(latest(*past) if past else None, now.date()),
                revision=1,
                default_ttl=self.default_ttl,
                protected=False,
                comment="",
                record_count=0,
                created_at=now,
                updated_at=now,
                queued_at=now,
            )
            zones.insert(zone)
            journal.append(zone, "zone.create", caller.actor, now)
        return zone

    def change_zone(self, caller: Caller, uuid: UUID, settings: Mapping[str, Any]) -> Zone:
        """Change `default_ttl`, `protected` or `comment`; none of them is published, so the serial stays."""
        if "default_ttl" in settings:
            check_ttl(settings["default_ttl"], "default_ttl")
        check_comment(settings.get("comment", ""))
        with self._writing():
            zone = find_zone(uuid, caller.scope)
            refuse_limited(caller, "change settings of a zone")
            changed = {key: value for key, value in settings.items() if getattr(zone, key) != value}
            if changed:
                now = self.clock()
                zone = zones.update(zone, **changed, revision=zone.revision + 1, updated_at=now)
                journal.append(zone, journal.SETTINGS, caller.actor, now)
        return zone

    def delete_zone(self, caller: Caller, uuid: UUID) -> Zone:
        """The zone is served no more; its rows stay for 30 days to be restored, its last serial for ever."""
        with self._writing():
            zone = find_zone(uuid, caller.scope)
            if zone.protected:
                raise ZoneProtected(f"{print_domain(zone.name)} is protected: take the mark off before deleting it")
            refuse_limited(caller, "delete a whole zone")
            now = self.clock()
            zone = zones.mark_deleted(zone, deleted_at=now, queued_at=now, updated_at=now, revision=zone.revision + 1)
            journal.append(zone, "zone.delete", caller.actor, now)
        return zone

    def create_record(self, caller: Caller, zone_uuid: UUID, wanted: RecordInput) -> tuple[Zone, Record]:
        """A new record in the zone."""
        with self._writing():
            zone = find_zone(zone_uuid, caller.scope)
            now = self.clock()
            record = self._parse(zone, wanted, uuid4(), created_at=now, now=now)
            zone = self._commit(caller, zone, [Create(record), *_set_ttl(zone, record, now)], now)
        return zone, record

    def change_record(
        self, caller: Caller, uuid: UUID, change: Callable[[Zone, Record], RecordInput]
    ) -> tuple[Zone, Record]:
        """Another content for the record; `change` sees it as it is inside the transaction."""
        with self._writing():
            zone, before = find_record(uuid, caller.scope)
            now = self.clock()
            after = self._parse(zone, change(zone, before), uuid, created_at=before.created_at, now=now)
            changes = [Update(before, after)] if replace(after, updated_at=before.updated_at) != before else []
            zone = self._commit(caller, zone, [*changes, *_set_ttl(zone, after, now)], now)
        return zone, after if changes else before

    def delete_record(self, caller: Caller, uuid: UUID) -> Zone:
        """The record is there no more."""
        with self._writing():
            zone, record = find_record(uuid, caller.scope)
            return self._commit(caller, zone, [Delete(record)], self.clock())

    def raise_serial(self, uuid: UUID, served: int) -> Zone:
        """Lift the zone's serial over one that a nameserver was found ahead with; content and revision stay."""
        with self._writing():
            zone = zones.get_any(uuid)
            now = self.clock()
            serial = climb(zone.serial, served)
            zone = zones.update(zone, serial=serial, queued_at=now)
            journal.append(zone, "zone.raise_serial", Actor(None, "deployer", ""), now)
        return zone

    def _writing(self) -> _Announcing:
        return _Announcing(self)

    def _parse(self, zone: Zone, wanted: RecordInput, uuid: UUID, *, created_at: datetime, now: datetime) -> Record:
        rdtype = parse_type(wanted.record_type)
        owner = parse_owner(wanted.name, zone.name)
        content = parse_content(wanted.record_type, wanted.value, wanted.priority, zone.name)
        check_comment(wanted.comment)
        return Record(
            uuid=uuid,
            owner=owner,
            rdtype=rdtype,
            ttl=self._ttl(zone, wanted, owner, rdtype, uuid),
            wire=content.rdata.to_wire() or b"",
            value=content.value,
            priority=content.priority,
            comment=wanted.comment,
            created_at=created_at,
            updated_at=now,
        )

    def _ttl(self, zone: Zone, wanted: RecordInput, owner: Name, rdtype: RdataType, uuid: UUID) -> int:
        """The TTL that is named, else that of the rest of the set, else the fallback; the apex NS set has its own."""
        if wanted.ttl is not None:
            check_ttl(wanted.ttl, "ttl")
        if owner == zone.name and rdtype == RdataType.NS:
            return self.apex.ttl
        if wanted.ttl is not None:
            return wanted.ttl
        others = [record for record in records.set_of(zone, owner, rdtype) if record.uuid != uuid]
        if others:
            return others[0].ttl
        return zone.default_ttl if wanted.fallback_ttl is None else wanted.fallback_ttl

    def _commit(self, caller: Caller, zone: Zone, changes: Sequence[Change], now: datetime) -> Zone:
        """Store the changes, look at the zone that they make, and move serial, revision and journal with them."""
        if not changes:
            return zone
        for change in changes:
            check_grant(caller, zone, change)
            _store(zone, change)
        _check_rules(rules.check(records.ZoneView(zone, self.apex.servers), touched_owners(changes)), changes)
        growth = sum(map(_growth, changes))
        refuse_records_over(self.quotas, caller, zone, growth)
        moved: dict[str, Any] = {"revision": zone.revision + 1, "updated_at": now}
        moved["record_count"] = zone.record_count + growth
        if any(map(moves_serial, changes)):
            moved |= {"serial": next_serial(zone.serial, now.date()), "queued_at": now}
        zone = zones.update(zone, **moved)
        journal.append(zone, "records", caller.actor, now, changes)
        return zone


class _Announcing:
    """A writing transaction, and the announcement after it when it ended well."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._transaction = editor.store.writing()

    def __enter__(self) -> None:
        self._transaction.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:  # noqa: ANN401 - as the protocol has it
        ended = self._transaction.__exit__(kind, error, trace)
        if kind is None:
            self._editor.announce()
        return ended


def _set_ttl(zone: Zone, record: Record, now: datetime) -> list[Change]:
    """The updates that give the set's other records the TTL of this one."""
    return [
        Update(other, replace(other, ttl=record.ttl, updated_at=now))
        for other in records.set_of(zone, record.owner, record.rdtype)
        if other.uuid != record.uuid and other.ttl != record.ttl
    ]


def _store(zone: Zone, change: Change) -> None:
    match change:
        case Create(record):
            records.insert(zone, record, record_line(record))
        case Update(_, after):
            records.replace(zone, after, record_line(after))
        case Delete(record):
            records.remove(record)


def _check_rules(findings: Sequence[Finding], changes: Sequence[Change]) -> None:
    """Raise the findings; a deletion has no field that could be mended."""
    if findings and all(isinstance(change, Delete) for change in changes):
        findings = [replace(finding, field=None) for finding in findings]
    if findings:
        raise RuleBroken(findings)


def _growth(change: Change) -> int:
    return isinstance(change, Create) - isinstance(change, Delete)
