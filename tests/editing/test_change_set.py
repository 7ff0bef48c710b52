"""A change set has the results of the naive implementation: records, errors with their fields, and serials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

import dns.name
import pytest

from appliance.editing import CreateRecord, DeleteRecord, RecordInput, RecordRequest, ReplaceRRset, UpdateRecord
from appliance.editing.change_set import ChangeSet
from appliance.editing.parser import Parser
from appliance.errors import InputError, RuleBroken
from appliance.store import records, zones
from appliance.zones.model import Record, Zone
from appliance.zones.rules import MAX_RRSET_RECORDS
from tests.editing.naive import NaiveZone, Refusal
from tests.workspace import APEX, Workspace

NAMES = ["@", "www", "*", "cut", "ns.cut", "x.cut", "x-y.cut", "a.b.cut", "ns", "*.cut"]
DATA = [
    *[("A", "192.0.2.1"), ("A", "192.0.2.2"), ("AAAA", "2001:db8::1"), ("TXT", "x"), ("TXT", '"x"'), ("TXT", "y")],
    *[("CNAME", "a.example.net"), ("CNAME", "www.example.com"), ("MX", "."), ("MX", "mail.example.net")],
    *[("NS", "ns.cut.example.com"), ("NS", "ns.example.com"), ("NS", "ns.example.net"), ("NS", "ns1.appliance.test")],
    ("DS", f"1 8 2 {'ab' * 32}"),
]
WRONG = [("A", "nonsense"), ("TXT", "x" * 5000), ("PTR", "")]
STORED = [
    *[("A", "www", "192.0.2.1"), ("AAAA", "www", "2001:db8::1"), ("TXT", "@", "x"), ("MX", "@", "mail.example.net")],
    *[("NS", "cut", "ns.cut.example.com"), ("A", "ns.cut", "192.0.2.1"), ("NS", "@", "ns.example.com")],
    *[("A", "ns", "192.0.2.1"), ("A", "ns", "192.0.2.2"), ("TXT", "*", "x")],
]
UNKNOWN = UUID("00000000-0000-4000-8000-000000000000")


def priority_of(record_type: str) -> int | None:
    return 0 if record_type == "MX" else None


@dataclass
class Requests:
    """Random requests, about one in thirty of them invalid."""

    random: Random

    def batch(self, held: Sequence[Record]) -> list[RecordRequest]:
        """Return requests on a zone with these records; most records occur in at most one of them."""
        left = [record.uuid for record in held]
        self.random.shuffle(left)
        return [self.one(left or [UNKNOWN]) for _ in range(self.random.choice([1, 1, 2, 3, 5]))]

    def one(self, left: list[UUID]) -> RecordRequest:
        """Return one request."""
        record_type, value = self.data()
        match self.random.choice(["create", "create", "update", "delete", "replace"]):
            case "create":
                priority, comment = priority_of(record_type), self.random.choice(["", "x"])
                return CreateRecord(RecordInput(record_type, self.name(), value, self.ttl(), priority, comment))
            case "update":
                return UpdateRecord(self.uuid(left), self.fields())
            case "delete":
                return DeleteRecord(self.uuid(left))
            case _:
                values = self.random.sample([one for kind, one in DATA if kind == record_type] or ["x"], 1)
                values *= self.random.choice([0, 1, 1, 1, 1, 1, 2])
                return ReplaceRRset(record_type, self.name(), values, self.ttl(), priority_of(record_type))

    def uuid(self, left: list[UUID]) -> UUID:
        return left.pop() if len(left) > 1 and self.random.random() < 0.9 else left[0]

    def data(self) -> tuple[str, str]:
        return self.random.choice(DATA if self.random.random() < 0.98 else WRONG)

    def name(self) -> str:
        return self.random.choice(NAMES)

    def ttl(self) -> int | None:
        return self.random.choice([None, None, None, 60, 90] if self.random.random() < 0.98 else [-1])

    def fields(self) -> dict[str, object]:
        """Return the fields of an update."""
        record_type, value = self.data()
        return self.random.choice(
            [
                {"ttl": self.ttl()},
                {"comment": self.random.choice(["", "y"])},
                {"name": self.name()},
                {"name": self.name(), "ttl": self.ttl()},
                {"record_type": record_type, "value": value, "priority": priority_of(record_type)},
            ]
        )


def rows(held: Sequence[Record]) -> list[tuple[object, ...]]:
    """Return the records without uuids and times of new ones."""
    return sorted((one.owner.to_text(), one.rdtype.name, one.ttl, one.wire, one.value, one.comment) for one in held)


@dataclass
class Pair:
    """The same zone, changed by an Editor and by the naive implementation."""

    workspace: Workspace
    zone: Zone
    naive: NaiveZone

    def change(self, requests: Requests) -> bool:
        """Change both and compare the results; return whether the change was stored."""
        held = records.of_zone(self.zone)
        requested = requests.batch(held)
        self.naive.records = {record.uuid: record for record in held}
        expected = self.naive.change(requested)
        tried, after = self.outcome(requested, dry_run=True), self.outcome(requested)
        assert tried == after
        if isinstance(expected, Zone) and isinstance(after, Zone):
            assert (after.serial, after.revision, after.record_count) == (
                expected.serial,
                expected.revision,
                expected.record_count,
            )
            assert after == zones.get_any(self.zone.uuid)
        else:
            assert after == expected
        assert rows(records.of_zone(self.zone)) == rows(list(self.naive.records.values()))
        return isinstance(after, Zone) and records.of_zone(self.zone) != held

    def outcome(self, requested: Sequence[RecordRequest], *, dry_run: bool = False) -> Refusal | Zone:
        """Return the result of the Editor."""
        try:
            return self.workspace.editor.change_many(
                self.workspace.owner, self.zone.uuid, requested, dry_run=dry_run
            ).after
        except InputError as refused:
            return Refusal(str(refused), refused.field)


@pytest.mark.parametrize("seed", range(8))
def test_a_change_set_has_the_result_of_the_naive_implementation(workspace: Workspace, seed: int) -> None:
    zone = workspace.zone("example.com")
    stored = [CreateRecord(RecordInput(kind, name, value, None, priority_of(kind))) for kind, name, value in STORED]
    after = workspace.editor.change_many(workspace.owner, zone.uuid, stored).after
    pair, requests = Pair(workspace, after, NaiveZone(after, workspace.clock())), Requests(Random(seed))
    outcomes = [pair.change(requests) for _ in range(60)]
    assert 5 < sum(outcomes) < 55, "some are stored, and some refused"


def change_set_of(zone: Zone) -> ChangeSet:
    return ChangeSet(zone, records.ZoneView(zone, APEX.servers), APEX, zone.created_at, Parser())


def test_it_shows_the_zone_after_the_write(workspace: Workspace) -> None:
    zone = workspace.zone()
    for name in ("x.dev", "z.dev", "other"):
        workspace.add(zone, "A", name, "192.0.2.1")
    change_set = change_set_of(zone)
    change_set.create(RecordInput("A", "y.dev", "192.0.2.2"))
    gone = next(one for one in records.of_zone(zone) if one.owner.labels[0] == b"z")
    change_set.delete(gone)
    dev = dns.name.from_text("dev.example.com.")
    assert [name.labels[0] for name, _ in change_set.below(dev)] == [b"x", b"y"]
    change_set.create(RecordInput("TXT", "a.dev", "later"))
    assert [name.labels[0] for name, _ in change_set.below(dev)] == [b"a", b"x", b"y"]
    assert gone.owner not in change_set.nodes([gone.owner]) and change_set.find(gone.uuid) is None
    assert len(records.of_zone(zone)) == 3, "nothing is stored"


# Sets that grow too large


def additions(count: int, ttl: Callable[[int], int | None] = lambda _: None) -> list[RecordRequest]:
    return [CreateRecord(RecordInput("A", "one", f"10.0.{at // 256}.{at % 256}", ttl(at))) for at in range(count)]


def applied(workspace: Workspace, zone: Zone, requested: Sequence[RecordRequest]) -> str | None:
    with pytest.raises(RuleBroken, match=r"the A RRset of one\.example\.com would exceed 100 records") as refused:
        workspace.editor.change_many(workspace.owner, zone.uuid, requested)
    return refused.value.field


def test_a_set_is_refused_at_the_request_after_which_it_stays_too_large(workspace: Workspace) -> None:
    zone = workspace.zone()
    assert applied(workspace, zone, additions(10_000)) == "changes.100.value"
    assert applied(workspace, zone, additions(10_000, lambda at: 60 + at % 2)) == "changes.100.value"
    last = CreateRecord(RecordInput("A", "other", "no address"))
    assert applied(workspace, zone, [*additions(101), last]) == "changes.100.value", "later requests are not looked at"


def test_a_set_may_exceed_its_limit_between_requests(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.editor.change_many(workspace.owner, zone.uuid, additions(MAX_RRSET_RECORDS))
    old = [DeleteRecord(one.uuid) for one in records.of_zone(zone)]
    others = [CreateRecord(RecordInput("A", "one", f"10.1.0.{at}", 60 + at % 2)) for at in range(MAX_RRSET_RECORDS)]
    workspace.editor.change_many(workspace.owner, zone.uuid, [*others, *old])
    assert {one.value.split(".")[1] for one in records.of_zone(zone)} == {"1"}
    whole = ReplaceRRset("A", "one", ["192.0.2.1"])
    workspace.editor.change_many(workspace.owner, zone.uuid, [*additions(150), whole])
    assert [one.value for one in records.of_zone(zone)] == ["192.0.2.1"]
    assert applied(workspace, zone, [*additions(150), DeleteRecord(records.of_zone(zone)[0].uuid)]) is not None
