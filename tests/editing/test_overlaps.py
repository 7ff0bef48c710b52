"""Unconfirmed changes of the same RRsets: all are reverted, the newest first, and what others changed stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.deploy.due_changes import DueChanges
from appliance.editing import CreateRecord, Diff, RecordInput, RecordRequest, ReplaceRRset, UpdateRecord
from appliance.editing.overlaps import touched_by
from appliance.errors import ConfirmationExpired, Conflict, InputError, LaterChangeUndecided, NotFound
from appliance.store import audit, pending_changes, records
from appliance.store.zones import Page
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from tests.workspace import Workspace, current_database

Content = dict[tuple[str, str], list[tuple[object, ...]]]
"""Uuid, TTL and value of the records, by relative name and type."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Series:
    """Changes of one zone, and the job that reverts them; `staying` has the content that a plain or confirmed change
    left, by the RRsets that it touched, in the order of the changes.
    """

    workspace: Workspace
    zone: Zone
    due: DueChanges
    contents: list[tuple[Diff, Content]] = field(default_factory=list)
    staying: set[UUID] = field(default_factory=set)

    def change(self, requests: Sequence[RecordRequest], within: timedelta | None = HOUR) -> Diff:
        """Change the zone; without a time to confirm the change stays."""
        diff = self.workspace.editor.change_many(self.workspace.owner, self.zone.uuid, requests, confirm_within=within)
        if diff.change_id:
            self.contents.append((diff, self.content()))
            if within is None:
                self.staying.add(diff.change_id)
        return diff

    def set_www(self, value: str, within: timedelta | None = HOUR) -> Diff:
        """Change the address of `www`."""
        return self.change([ReplaceRRset("A", "www", [value])], within)

    def confirm(self, diff: Diff) -> None:
        """Confirm the change."""
        assert diff.change_id
        self.workspace.editor.confirm_change(self.workspace.owner, self.zone.uuid, diff.change_id)
        self.staying.add(diff.change_id)

    def forward(self, step: timedelta) -> None:
        """Let the time pass, and do what is due then."""
        self.workspace.clock.now += step
        self.due.step()

    def content(self) -> Content:
        """Return the content of the zone."""
        found: Content = {}
        for one in records.of_zone(self.zone):
            key = str(one.owner.relativize(self.zone.name)), one.rdtype.name
            found.setdefault(key, []).append((one.uuid, one.ttl, one.value))
        return {key: sorted(values, key=str) for key, values in found.items()}

    def values(self) -> list[str]:
        """Return the values of all records."""
        return sorted(one.value for one in records.of_zone(self.zone))

    def expected(self) -> Content:
        """Return the content that is left once all changes are decided."""
        found: Content = {}
        for diff, content in self.contents:
            if diff.change_id in self.staying:
                for owner, rdtype in touched_by(diff.changes):
                    key = str(owner.relativize(self.zone.name)), rdtype.name
                    found[key] = content.get(key, [])
        return {key: values for key, values in found.items() if values}

    def undecided(self) -> list[int]:
        """Return the serials of the changes that are neither confirmed nor reverted."""
        return sorted(one.serial for one in pending_changes.of_zone(self.zone))

    def audited(self) -> list[str]:
        """Return what was reverted, newest first."""
        entries, _ = audit.find(self.workspace.owner.scope, Page())
        key = "change.revert", print_domain(self.zone.name)
        return [one.detail for one in entries if (one.kind, one.subject) == key]


def series_in(workspace: Workspace) -> Series:
    """Return a series of changes of a new zone; `www` has an address."""
    workspace.editor = replace(workspace.editor, announce=lambda: None)
    due = DueChanges(workspace.store, workspace.editor, workspace.clock)
    series = Series(workspace, workspace.zone(f"{uuid4()}.com"), due)
    series.set_www("192.0.2.1", None)
    return series


@pytest.fixture
def series(workspace: Workspace) -> Series:
    """A series of changes."""
    return series_in(workspace)


@pytest.mark.parametrize(("hours", "left"), [((1, 2), 2), ((2, 1), 1), ((1, 1), 0)])
def test_two_unconfirmed_changes_of_a_set_are_both_reverted(series: Series, hours: tuple[int, int], left: int) -> None:
    first = series.content()
    for number in hours:
        series.set_www(f"192.0.2.{10 + len(series.contents)}", number * HOUR)
    series.forward(HOUR)
    assert len(series.undecided()) == left, "the earlier one waits for the later one"
    series.forward(HOUR)
    assert series.content() == first and series.undecided() == []
    assert len(series.audited()) == 2 and all(one.endswith(": reverted") for one in series.audited())


def test_an_earlier_change_leaves_what_a_later_confirmed_one_changed(series: Series) -> None:
    mistake = series.change([ReplaceRRset("A", name, ["192.0.2.2"]) for name in ("www", "mail")], HOUR)
    later = series.set_www("192.0.2.3", 2 * HOUR)
    series.forward(HOUR)
    assert series.undecided() == [mistake.after.serial, later.after.serial]
    series.confirm(later)
    series.forward(timedelta())
    assert series.values() == ["192.0.2.3"] and series.undecided() == []
    assert series.audited()[0].endswith(f"reverted; not A www.{print_domain(series.zone.name)}")


def test_a_record_that_a_revert_kept_has_changed_since(series: Series) -> None:
    series.change([ReplaceRRset("A", name, ["192.0.2.2"]) for name in ("www", "mail")], 2 * HOUR)
    series.change([ReplaceRRset("A", name, ["192.0.2.3"]) for name in ("www", "mail")], HOUR)
    series.change([CreateRecord(RecordInput("A", "mail", "192.0.2.4"))], None)
    series.forward(2 * HOUR)
    assert series.values() == ["192.0.2.1", "192.0.2.3", "192.0.2.4"]
    assert [one.partition("; ")[2] for one in series.audited()] == [f"not A mail.{print_domain(series.zone.name)}"] * 2


def test_a_change_waits_for_a_later_one_without_which_a_rule_would_break(series: Series) -> None:
    first = series.content()
    series.change([ReplaceRRset("A", "www", [])], HOUR)
    series.change([ReplaceRRset("CNAME", "www", ["example.net"])], 2 * HOUR)
    series.forward(HOUR)
    assert series.values() == ["example.net"] and len(series.undecided()) == 2
    series.forward(HOUR)
    assert series.content() == first and series.undecided() == []


def test_the_wait_is_bounded(series: Series) -> None:
    mistake = series.set_www("192.0.2.2", HOUR)
    for value in ("192.0.2.3", "192.0.2.4"):
        series.set_www(value, DAY)
        series.forward(12 * HOUR)
        assert mistake.after.serial in series.undecided()
    series.forward(HOUR)
    assert series.values() == ["192.0.2.4"] and mistake.after.serial not in series.undecided()
    assert series.audited() == [
        f"version {mistake.after.serial} was not confirmed: reverted; not A www.{print_domain(series.zone.name)}"
    ]
    series.forward(12 * HOUR)
    assert series.values() == ["192.0.2.2"] and series.undecided() == []


def test_a_person_reverts_the_later_change_first(series: Series) -> None:
    mistake, later = series.set_www("192.0.2.2"), series.set_www("192.0.2.3")
    revert, owner = series.workspace.editor.revert_change, series.workspace.owner
    pending = {one.serial: one for one in pending_changes.of_zone(series.zone)}
    with pytest.raises(LaterChangeUndecided, match=f"confirm or revert version {later.after.serial} first"):
        revert(owner, pending[mistake.after.serial])
    assert series.values() == ["192.0.2.3"]
    revert(owner, pending[later.after.serial])
    revert(owner, pending[mistake.after.serial])
    assert series.values() == ["192.0.2.1"]
    series.set_www("192.0.2.4")
    with pytest.raises(Conflict, match="was reverted already"):
        revert(owner, pending[mistake.after.serial])


def test_a_change_that_waits_is_not_read_each_time(series: Series) -> None:
    for number in range(3):
        series.change([ReplaceRRset("A", "www", [f"192.0.2.{number}"])], (number + 1) * HOUR)
    series.forward(HOUR)
    statements: list[str] = []
    connection = current_database().connection()
    connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: statements.append(event["sql"]))
    series.forward(MINUTE)
    connection.trace_v2(0, None)
    assert len(statements) == 3, "what expired, what is due, and what the change waits for"


NAMES = ("www", "mail")
VALUES = st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]), unique=True)
REPLACE = st.builds(
    lambda name, values, ttl: [ReplaceRRset("A", name, values, ttl=ttl)],
    st.sampled_from(NAMES),
    VALUES,
    st.sampled_from([60, 300]),
)
REPLACE_BOTH = VALUES.map(lambda values: [ReplaceRRset("A", name, values) for name in NAMES])
ALIAS = st.sampled_from(NAMES).map(
    lambda name: [ReplaceRRset("A", name, []), ReplaceRRset("CNAME", name, ["a.example"])]
)
MOVE = st.just("move")
TIMES = st.integers(1, 6).map(lambda number: number * MINUTE)
PAUSES = st.integers(0, 4).map(lambda number: number * MINUTE)


def moved(zone: Zone) -> list[RecordRequest]:
    """Return the request that moves the first record of the zone to the other name."""
    found = records.of_zone(zone)[:1]
    return [UpdateRecord(one.uuid, {"name": NAMES[one.owner.labels[0] == b"www"]}) for one in found]


def run(
    series: Series, steps: Sequence[tuple[Any, timedelta | None, timedelta]], confirmed: Collection[int] = ()
) -> None:
    """Do the changes, those with these numbers confirmed at the next step, and wait until all are decided."""
    last: Diff | None = None
    for number, (requests, within, pause) in enumerate(steps):
        if last and last.change_id and number - 1 in confirmed:
            with suppress(ConfirmationExpired, NotFound):
                series.confirm(last)
        last = None
        with suppress(InputError):
            last = series.change(moved(series.zone) if requests == "move" else requests, within)
        series.forward(pause)
    for _ in range(3):
        series.forward(HOUR)
    assert series.undecided() == []


SHARED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(st.lists(st.tuples(REPLACE | REPLACE_BOTH | ALIAS | MOVE, TIMES, PAUSES), min_size=2, max_size=7))
def test_without_any_confirmation_the_first_state_is_back(workspace: Workspace, steps: list[Any]) -> None:
    series = series_in(workspace)
    first = series.content()
    run(series, steps)
    assert series.content() == first
    assert all(one.endswith(": reverted") for one in series.audited())


@SHARED
@given(
    st.lists(st.tuples(REPLACE | REPLACE_BOTH, TIMES | st.none(), PAUSES), min_size=2, max_size=7),
    st.sets(st.integers(0, 6)),
)
def test_what_is_plain_or_confirmed_stays_and_the_rest_goes(
    workspace: Workspace, steps: list[Any], confirmed: set[int]
) -> None:
    series = series_in(workspace)
    run(series, steps, confirmed)
    assert series.content() == series.expected()
