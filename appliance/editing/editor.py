"""The Editor: every write of zones and records, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from appliance.editing.apply import apply_all
from appliance.editing.caller import check_grant, find_record, find_zone, refuse_limited
from appliance.editing.change_set import ChangeSet, store_changes
from appliance.editing.claims import public_suffixes, refuse_taken
from appliance.editing.diff import Diff
from appliance.editing.quotas import refuse_records_over, refuse_zone_over
from appliance.editing.requests import RecordInput, RecordRequest, check_comment, check_ttl
from appliance.errors import NotPermitted, RuleBroken, ZoneProtected
from appliance.principal import Principal
from appliance.render.zone_file import Apex
from appliance.settings import QuotaSettings
from appliance.store import journal, records, zones
from appliance.store.database import Store
from appliance.zones import rules
from appliance.zones.changes import Change, Create, Delete, moves_serial, touched_owners
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, print_domain
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

    def create_zone(self, caller: Principal, domain: str) -> Zone:
        """A new, empty zone; InvalidName says why the domain cannot be had."""
        name = parse_domain(domain)
        refuse_reserved(name, self.own_names, public_suffixes().is_public, operator=caller.operator)
        if caller.scope.zones is not None:
            raise NotPermitted("this token is limited to its zones and cannot create others")
        refuse_limited(caller, "create a zone")
        now = self.clock()
        with self._writing():
            refuse_taken(name, caller.account.uuid, now)
            refuse_zone_over(self.quotas, caller)
            past = zones.past_serials(name)
            zone = Zone(
                uuid=uuid4(),
                name=name,
                account=caller.account.uuid,
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
            journal.append(zone, journal.CREATE, caller, now)
        return zone

    def change_zone(self, caller: Principal, uuid: UUID, settings: Mapping[str, Any]) -> Zone:
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
                before = zone
                zone = zones.update(zone, **changed, revision=zone.revision + 1, updated_at=now)
                journal.append(zone, journal.SETTINGS, caller, now, before=before)
        return zone

    def delete_zone(self, caller: Principal, uuid: UUID) -> Zone:
        """The zone is served no more; its rows stay for 30 days to be restored, its last serial for ever."""
        with self._writing():
            zone = find_zone(uuid, caller.scope)
            if zone.protected:
                raise ZoneProtected(f"{print_domain(zone.name)} is protected: take the mark off before deleting it")
            refuse_limited(caller, "delete a whole zone")
            now = self.clock()
            zone = zones.mark_deleted(zone, deleted_at=now, queued_at=now, updated_at=now, revision=zone.revision + 1)
            journal.append(zone, "zone.delete", caller, now)
        return zone

    def create_record(self, caller: Principal, zone_uuid: UUID, wanted: RecordInput) -> tuple[Zone, Record]:
        """A new record in the zone."""
        with self._writing():
            change_set = self._sheet(find_zone(zone_uuid, caller.scope))
            record = change_set.add(wanted)
            return self._commit(caller, change_set).after, record

    def change_record(
        self, caller: Principal, uuid: UUID, change: Callable[[Zone, Record], RecordInput]
    ) -> tuple[Zone, Record]:
        """Another content for the record; `change` sees it as it is inside the transaction."""
        with self._writing():
            zone, before = find_record(uuid, caller.scope)
            change_set = self._sheet(zone)
            record = change_set.alter(before, change(zone, before))
            return self._commit(caller, change_set).after, record

    def delete_record(self, caller: Principal, uuid: UUID) -> Zone:
        """The record is there no more."""
        with self._writing():
            zone, record = find_record(uuid, caller.scope)
            change_set = self._sheet(zone)
            change_set.remove(record)
            return self._commit(caller, change_set).after

    def change_many(
        self,
        caller: Principal,
        zone_uuid: UUID,
        asked: Sequence[RecordRequest] | Callable[[Zone], Sequence[RecordRequest]],
        comment: str = "",
        *,
        dry_run: bool = False,
    ) -> Diff:
        """Do all that is asked for under one serial, in order, or nothing; the rules look at the whole at its end.

        Where `asked` is a function, it is called inside the transaction. An InputError has the place of what is wrong
        in its field, such as `changes.3.value`. A dry run stores nothing.
        """
        check_comment(comment)
        with self.store.trying() if dry_run else self._writing():
            change_set = self._sheet(find_zone(zone_uuid, caller.scope))
            apply_all(change_set, asked(change_set.zone) if callable(asked) else asked)
            diff = self._commit(caller, change_set, comment)
        return replace(diff, applied=not dry_run)

    def raise_serial(self, uuid: UUID, served: int) -> Zone:
        """Lift the zone's serial over one that a nameserver was found ahead with; content and revision stay."""
        with self._writing():
            zone = zones.get_any(uuid)
            now = self.clock()
            serial = climb(zone.serial, served)
            zone = zones.update(zone, serial=serial, queued_at=now)
            journal.append(zone, "zone.raise_serial", Principal.local("deployer"), now)
        return zone

    def _writing(self) -> _Announcing:
        return _Announcing(self)

    def _sheet(self, zone: Zone) -> ChangeSet:
        return ChangeSet(zone, self.apex, self.clock())

    def _commit(self, caller: Principal, change_set: ChangeSet, comment: str = "") -> Diff:
        """Store the changes, look at the zone that they make, and move serial, revision and journal with them."""
        zone, changes = change_set.zone, change_set.changes()
        if not changes:
            return Diff(zone, zone, ())
        for change in changes:
            check_grant(caller, zone, change)
        change_set.refuse_equals()
        store_changes(zone, changes)
        self._check_rules(change_set, changes)
        growth = sum(map(_growth, changes))
        refuse_records_over(self.quotas, caller, zone, growth)
        moved: dict[str, Any] = {"revision": zone.revision + 1, "updated_at": change_set.now}
        moved["record_count"] = zone.record_count + growth
        if any(map(moves_serial, changes)):
            moved |= {"serial": next_serial(zone.serial, change_set.now.date()), "queued_at": change_set.now}
        after = zones.update(zone, **moved)
        change_id = journal.append(after, "records", caller, change_set.now, changes, comment)
        return Diff(zone, after, tuple(changes), change_id)

    def _check_rules(self, change_set: ChangeSet, changes: Sequence[Change]) -> None:
        """Raise what the rules find; a deletion has no field that could be mended."""
        findings = rules.check(records.ZoneView(change_set.zone, self.apex.servers), touched_owners(changes))
        if all(isinstance(change, Delete) for change in changes):
            findings = [replace(finding, field=None) for finding in findings]
        if findings:
            raise RuleBroken(change_set.placed(findings))


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


def _growth(change: Change) -> int:
    return isinstance(change, Create) - isinstance(change, Delete)
