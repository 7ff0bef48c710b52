"""Measure how long large changes of one zone take, and how long they hold the write lock. Without a network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from appliance.editing import (
    CreateRecord,
    DeleteRecord,
    Editor,
    RecordInput,
    RecordRequest,
    ReplaceRRset,
    UpdateRecord,
    ZoneContent,
)
from appliance.errors import RuleBroken
from appliance.store import records
from appliance.store.file.database import Store
from appliance.zones.model import Record, Zone
from tests.workspace import Workspace, open_workspace

CHANGES = 10_000


class TimedStore(Store):
    """A store that measures for how many seconds its write lock is held, and commits durably."""

    held = 0.0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write as the store does, and add the time."""
        began = None
        try:
            with super().writing():
                began = time.perf_counter()
                yield
        finally:
            if began is not None:
                self.held += time.perf_counter() - began


@dataclass
class Timing:
    """What was done, the seconds that it took, and those for which it held the write lock."""

    what: str
    total: float = 0.0
    held: float = 0.0


@dataclass
class _Bench:
    workspace: Workspace
    store: TimedStore
    editor: Editor = field(init=False)

    def __post_init__(self) -> None:
        self.editor = replace(self.workspace.editor, store=self.store, announce=lambda: None)

    def time(self, what: str, zone: Zone, requests: Sequence[RecordRequest]) -> Timing:
        """Change the zone and return how long that took."""
        return self.measure(what, lambda: self.editor.change_many(self.workspace.owner, zone.uuid, requests))

    def measure(self, what: str, write: Callable[[], object]) -> Timing:
        """Return how long a write took, also if the rules refuse it."""
        self.store.held, began = 0.0, time.perf_counter()
        with suppress(RuleBroken):
            write()
        return Timing(what, time.perf_counter() - began, self.store.held)


def bulk_changes() -> Iterator[Timing]:
    """Yield the timing of each kind of change."""
    with TemporaryDirectory(prefix="bench-") as folder, open_workspace(Path(folder)) as workspace:
        store = TimedStore(workspace.store.path)
        store.attach()
        with store.connection():
            bench = _Bench(workspace, store)
            zone = bench.editor.create_zone(workspace.owner, "bulk.example.org")
            names = [_new(f"h{at}", at) for at in range(CHANGES)]
            yield bench.time(f"{CHANGES:,} records created, a name each", zone, names)
            held = records.of_zone(zone)
            yield bench.time("the same, another value each", zone, [_other(one) for one in held])
            yield bench.time(
                "the same, each set replaced",
                zone,
                [ReplaceRRset("A", f"h{at}", ["192.0.2.2"]) for at in range(CHANGES)],
            )
            held = records.of_zone(zone)
            yield bench.time("the same, deleted", zone, [DeleteRecord(one.uuid) for one in held])
            content = ZoneContent([one.record for one in names])
            yield bench.measure(
                "a zone with these records",
                lambda: bench.editor.create_zone(workspace.owner, "new.example.org", content),
            )
            at_one_name = [_new("www", at) for at in range(CHANGES)]
            yield bench.time(f"{CHANGES:,} records at one name, refused", zone, at_one_name)


def _new(name: str, number: int) -> CreateRecord:
    return CreateRecord(RecordInput("A", name, f"10.0.{number // 256}.{number % 256}"))


def _other(record: Record) -> UpdateRecord:
    return UpdateRecord(record.uuid, {"value": "192.0.2.1"})
