"""The part of the Editor that writes records: one, or many at once, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

from dns.name import Name

from appliance.editing.access import check_whole_zone, find_record, find_zone
from appliance.editing.apply import apply_all
from appliance.editing.change_set import ChangeSet
from appliance.editing.commit import Alongside, commit, writes
from appliance.editing.diff import Diff
from appliance.editing.evaluation import Evaluation, evaluate, evaluate_dry_run, evaluate_many, with_warnings
from appliance.editing.parser import Parser
from appliance.editing.replace_all import replace_all
from appliance.editing.requests import RecordInput, RecordRequest, check_comment
from appliance.editing.signing_editor import SigningEditor
from appliance.editing.transaction import evaluate_and_commit
from appliance.editing.write_count import counting_once
from appliance.editing.zone_import import REPLACE, ImportOptions, ZoneImport
from appliance.errors import InputError
from appliance.principal import Principal
from appliance.settings import QuotaSettings
from appliance.zones.model import Record, Zone
from appliance.zones.zone_warning import ZoneWarning

Result = TypeVar("Result")
Edit = Callable[[Parser], tuple[ChangeSet, Result]]
"""Reads a zone and fills a change set; called again if the zone has changed before the changes are stored."""


class RecordWrite(NamedTuple):
    """A write of one record: its zone, the record as it is now or was before its deletion, and the warnings about it.

    Warnings are those at and near the name of the record.
    """

    zone: Zone
    record: Record
    warnings: Sequence[ZoneWarning]


class RecordEditor(SigningEditor):
    """Performs the writes of records, besides those of whole zones."""

    __slots__ = ()

    def create_record(
        self,
        principal: Principal,
        zone_uuid: UUID,
        requested: RecordInput,
        prepare: Callable[[Zone, Record], Alongside] | None = None,
    ) -> RecordWrite:
        """Create a record in the zone.

        `prepare` is called with zone and record, before the write lock is acquired; what it returns is called in the
        transaction.
        """

        def edit(parser: Parser) -> tuple[ChangeSet, Record]:
            zone = find_zone(zone_uuid, principal.scope)
            self.precondition(zone)
            change_set = self._change_set(zone, parser)
            return change_set, change_set.create(requested)

        def prepare_commit(diff: Diff, record: Record) -> Alongside | None:
            return prepare(diff.after, record) if prepare else None

        return self._write_record(principal, edit, prepare_commit)

    def change_record(
        self, principal: Principal, uuid: UUID, change: Callable[[Zone, Record], RecordInput]
    ) -> RecordWrite:
        """Change a record; `change` is called with the stored record, and again if it has changed in between."""

        def edit(parser: Parser) -> tuple[ChangeSet, Record]:
            zone, before = find_record(uuid, principal.scope)
            self.precondition(before)
            change_set = self._change_set(zone, parser)
            return change_set, change_set.update(before, change(zone, before))

        return self._write_record(principal, edit)

    def delete_record(self, principal: Principal, uuid: UUID) -> RecordWrite:
        """Delete the record."""

        def edit(parser: Parser) -> tuple[ChangeSet, Record]:
            zone, record = find_record(uuid, principal.scope)
            self.precondition(record)
            change_set = self._change_set(zone, parser)
            change_set.delete(record)
            return change_set, record

        return self._write_record(principal, edit)

    def change_many(
        self,
        principal: Principal,
        zone_uuid: UUID,
        requests: Sequence[RecordRequest] | Callable[[Zone], Sequence[RecordRequest]],
        comment: str = "",
        *,
        dry_run: bool = False,
        alongside: Alongside | None = None,
        prepare: Callable[[Diff], Alongside] | None = None,
        confirm_within: timedelta | None = None,
    ) -> Diff:
        """Apply all requests in order, under one serial, or none of them; the rules check the zone after all of them.

        `requests` may be a function: it is called with the zone, and again if that has changed in between. The field
        of an InputError has the index of the request, such as `changes.3.value`. A dry run stores nothing and acquires
        no write lock. `alongside` is called in the transaction that stores the changes, with the zone before them; an
        exception rolls it back; so is what `prepare` returns, which is called with the diff before the write lock is
        acquired. With `confirm_within` the change is reverted after that time, unless it is confirmed before. Raise
        MissingPermission if the principal lacks one that the changes need.
        """
        once, fill = either(alongside, prepare), _applying(requests)
        return self._change(
            principal, zone_uuid, fill, comment, dry_run=dry_run, prepare=once, confirm_within=confirm_within
        )

    def preview_many(
        self,
        principal: Principal,
        zone_uuid: UUID,
        requests: Sequence[RecordRequest] | Callable[[Zone], Sequence[RecordRequest]],
    ) -> Diff:
        """Return what `change_many` would do, as its dry run, but without the impact, which costs most."""
        edit = self._edit(principal, zone_uuid, _applying(requests))
        with self.store.reading():
            return evaluate_dry_run(edit(Parser(self.parse))[0], principal, self.quotas, with_impact=False)

    def import_zone_file(
        self,
        principal: Principal,
        zone_uuid: UUID,
        text: str,
        comment: str = "",
        options: ImportOptions = REPLACE,
        *,
        dry_run: bool = False,
    ) -> Diff:
        """Replace the records of the zone with those of a zone file; those that it already has keep uuid and comment.

        The field of an InputError is the line, such as `line.12`. What the file has of the appliance's own records is
        passed over, with a warning. The principal must be allowed to write every record of the zone. Raise LinesRefused
        for lines that cannot be records, ConfirmationRequired if many records would be removed.
        """
        imported = ZoneImport(text, principal, Parser(self.parse), options)
        with self.store.reading():
            derived = imported.begin(find_zone(zone_uuid, principal.scope), self.apex)
        imported.read(derived)
        fill, check, parser = imported.fill, imported.check, imported.parser
        diff = self._change(principal, zone_uuid, fill, comment, dry_run=dry_run, prepare=check, parser=parser)
        return replace(diff, warnings=[*imported.warnings(), *diff.warnings])

    def replace_records(
        self,
        principal: Principal,
        zone_uuid: UUID,
        requested: Sequence[RecordInput],
        comment: str = "",
        *,
        dry_run: bool = False,
        merge: bool = False,
    ) -> Diff:
        """Replace the records of the zone with these; those that it already has keep uuid and comment.

        As `change_many`; the field of an InputError has the index of the record, such as `records.3.value`. The
        principal must be allowed to write every record of the zone. With `merge` no record is removed.
        """

        def fill(change_set: ChangeSet) -> None:
            check_whole_zone(principal, change_set.zone, "replace all records of a zone")
            kept = {record.uuid for record in change_set.load_all()} if merge else ()
            for index, reason in replace_all(change_set, requested, kept):
                raise InputError(reason, change_set.steps.path(index, "value"))

        return self._change(principal, zone_uuid, fill, comment, dry_run=dry_run)

    def _change(
        self,
        principal: Principal,
        zone_uuid: UUID,
        fill: Callable[[ChangeSet], None],
        comment: str,
        *,
        dry_run: bool,
        prepare: Callable[[Diff, None], Alongside | None] = lambda _diff, _result: None,
        confirm_within: timedelta | None = None,
        parser: Parser | None = None,
    ) -> Diff:
        """Store what `fill` does to the change set of the zone, or return what it would do.

        `parser` may have parsed names and values before.
        """
        check_comment(comment)
        edit = self._edit(principal, zone_uuid, fill, parser)
        if dry_run:
            with self.store.reading():
                return evaluate_dry_run(edit(Parser(self.parse))[0], principal, self.quotas)
        return self._write(principal, edit, comment, prepare, evaluate_many, confirm_within)[0]

    def _edit(
        self,
        principal: Principal,
        zone_uuid: UUID,
        fill: Callable[[ChangeSet], None],
        parser: Parser | None = None,
    ) -> Edit[None]:
        """Return what reads the zone and fills its change set."""

        def edit(own_parser: Parser) -> tuple[ChangeSet, None]:
            zone = find_zone(zone_uuid, principal.scope)
            self.precondition(zone)
            change_set = self._change_set(zone, parser or own_parser)
            fill(change_set)
            return change_set, None

        return edit

    def _write_record(
        self,
        principal: Principal,
        edit: Edit[Record],
        prepare: Callable[[Diff, Record], Alongside | None] = lambda _diff, _record: None,
    ) -> RecordWrite:
        """Store the change of one record."""
        diff, record = self._write(principal, edit, prepare=prepare, warned_at=lambda record: [record.owner])
        return RecordWrite(diff.after, record, diff.warnings)

    def _write(
        self,
        principal: Principal,
        edit: Edit[Result],
        comment: str = "",
        prepare: Callable[[Diff, Result], Alongside | None] = lambda _diff, _result: None,
        evaluate_edit: Callable[[ChangeSet, Principal, QuotaSettings], Evaluation] = evaluate,
        confirm_within: timedelta | None = None,
        warned_at: Callable[[Result], Sequence[Name]] = lambda _result: (),
    ) -> tuple[Diff, Result]:
        """Evaluate and store the changes of `edit`; if there are none, only what `prepare` returns is called."""
        parser = Parser(self.parse)
        count = counting_once(self.count_write, principal)

        def evaluated() -> tuple[Evaluation, Result, Alongside | None]:
            change_set, result = edit(parser)
            evaluation = evaluate_edit(change_set, principal, self.quotas)
            if owners := warned_at(result):
                evaluation = with_warnings(evaluation, owners)
            return evaluation, result, prepare(evaluation.diff, result)

        def commit_evaluated(done: tuple[Evaluation, Result, Alongside | None]) -> tuple[Diff, Result]:
            evaluation, result, alongside = done
            if writes(evaluation, alongside):
                count({evaluation.diff.before.uuid: evaluation.content.octets})
            return commit(evaluation, principal, comment, alongside, confirm_within), result

        diff, result = evaluate_and_commit(
            self.store, evaluated, commit_evaluated, lambda done: writes(done[0], done[2])
        )
        self.announce()
        return diff, result


def _applying(
    requests: Sequence[RecordRequest] | Callable[[Zone], Sequence[RecordRequest]],
) -> Callable[[ChangeSet], None]:
    return lambda change_set: apply_all(change_set, requests(change_set.zone) if callable(requests) else requests)


def either(
    alongside: Alongside | None, prepare: Callable[[Diff], Alongside] | None
) -> Callable[[Diff, None], Alongside | None]:
    """Return what is called with the diff of a write, and returns what is called in its transaction."""
    return lambda diff, _: prepare(diff) if prepare else alongside
