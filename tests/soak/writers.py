"""Writers that change zones over the API while everything dies around them, and remember what was acknowledged.

An answer that never came leaves two possibilities: the writer waits for the API, reads the zone, and must find one of
them, once and whole. What it finds is what it goes on with.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests

from tests.appliance import Client
from tests.soak.part_run import PartRun

Entry = tuple[str, str, str, int | None]
"""Type, name, value, priority."""
TTL = 300
PATIENCE = 60.0
"""Seconds in which the API must be back after a kill."""
_REFUSED = (503,)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A change that was answered with success: what stands, or stands no more, in the zone at that serial."""

    domain: str
    serial: int
    entry: Entry
    stands: bool


@dataclass(slots=True)
class Plot:
    """A zone, or the part of a shared one whose names begin with the writer's own mark; no uuid: it does not exist."""

    domain: str
    mark: str
    shared: bool
    uuid: str | None = None
    entries: dict[str, Entry] = field(default_factory=dict)


class Unanswered(Exception):
    """The connection died, or was refused: whether the change was made is not known."""


class Writer:
    """One writer and its plots. `going` tells whether to go on; it is asked before each change."""

    def __init__(self, part: PartRun, api: Client, mark: str, plots: list[Plot], going: Callable[[], bool]) -> None:
        self.plots = plots
        self.acknowledged: list[Acknowledged] = []
        self.count = 0
        self.unanswered = 0
        self.refused = 0
        self._course, self._api, self._mark, self._going = part, api, mark, going
        self._random = Random(f"{part.seed}/{mark}")
        self._number = 0
        self._after: tuple[bool, Counter[Entry]] = (False, Counter())

    def run(self) -> None:
        """Change until told to stop."""
        try:
            while self._going():
                self.change(self._random.choice(self.plots))
        except Exception as error:  # noqa: BLE001 - the top of a thread
            self._course.wrong(f"writer {self._mark} broke: {error!r}")

    def change(self, plot: Plot) -> None:
        """One random change of the plot."""
        if plot.uuid is None:
            self._try(plot, lambda: self._create_zone(plot))
        elif not plot.shared and self._random.random() < 0.02:
            self._try(plot, lambda: self._delete_zone(plot))
        elif len(plot.entries) < 3 or (len(plot.entries) < 30 and self._random.random() < 0.4):
            self._try(plot, lambda: self._create_record(plot))
        elif self._random.random() < 0.6:
            self._try(plot, lambda: self._change_record(plot))
        else:
            self._try(plot, lambda: self._delete_record(plot))

    def _try(self, plot: Plot, change: Callable[[], None]) -> None:
        """Make the change; when no answer came, the zone must be as before or as wanted, and nothing else."""
        before = (plot.uuid is not None, Counter(plot.entries.values()))
        self._after = before
        try:
            change()
        except Unanswered:
            self.unanswered += 1
            self._read_back(plot, before, self._after)

    def _create_zone(self, plot: Plot) -> None:
        self._after = (True, Counter())
        answer = self._ask("POST", "/dns-zones/", {"domain": plot.domain}, 201)
        if answer is not None:
            plot.uuid, plot.entries = answer.json()["uuid"], {}

    def _delete_zone(self, plot: Plot) -> None:
        self._after = (False, Counter())
        if self._ask("DELETE", f"/dns-zones/{plot.uuid}/", None, 204) is not None:
            plot.uuid, plot.entries = None, {}

    def _create_record(self, plot: Plot) -> None:
        entry = self._entry(self._random.choice(("A", "TXT", "MX")))
        self._after = (True, Counter([*plot.entries.values(), entry]))
        answer = self._ask("POST", f"/dns-zones/{plot.uuid}/records/", _body(entry), 201)
        if answer is not None:
            plot.entries[answer.json()["uuid"]] = entry
            self._note(plot, answer, entry, stands=True)

    def _change_record(self, plot: Plot) -> None:
        uuid, before = self._random.choice(list(plot.entries.items()))
        entry = (before[0], before[1], self._entry(before[0])[2], before[3])
        self._after = (True, Counter([*(one for key, one in plot.entries.items() if key != uuid), entry]))
        answer = self._ask("PATCH", f"/dns-records/{uuid}/", {"value": entry[2]}, 200)
        if answer is not None:
            plot.entries[uuid] = entry
            self._note(plot, answer, entry, stands=True)

    def _delete_record(self, plot: Plot) -> None:
        uuid, entry = self._random.choice(list(plot.entries.items()))
        self._after = (True, Counter(one for key, one in plot.entries.items() if key != uuid))
        answer = self._ask("DELETE", f"/dns-records/{uuid}/", None, 204)
        if answer is not None:
            del plot.entries[uuid]
            self._note(plot, answer, entry, stands=False)

    def _entry(self, record_type: str) -> Entry:
        """An entry whose value was never used before, so that each answer tells of one version."""
        self._number += 1
        number, name = self._number, f"{self._mark}-{self._random.randint(1, 20)}"
        if record_type == "A":
            return "A", name, f"10.{int(self._mark[1:])}.{number // 256 % 256}.{number % 256}", None
        if record_type == "TXT":
            return (
                "TXT",
                name,
                f"{self._mark} {number} {'x' * self._random.randint(0, 300 if number % 9 == 0 else 20)}"[:255],
                None,
            )
        return "MX", name, f"mail-{self._mark}-{number}.example.net", 10

    def _ask(self, method: str, path: str, body: Any, status: int) -> requests.Response | None:  # noqa: ANN401 - JSON
        """The answer, or None when the appliance said that it could not: then nothing was changed."""
        headers = {"Prefer": "wait=1"} if self._random.random() < 0.02 else None
        try:
            answer = self._api(method, path, body, headers)
        except requests.RequestException:
            raise Unanswered from None
        if answer.status_code == status:
            self.count += 1
            return answer
        if answer.status_code in _REFUSED:
            self.refused += 1
        else:
            self._course.wrong(f"{method} {path} {body}: {answer.status_code} {answer.text[:200]}")
        return None

    def _note(self, plot: Plot, answer: requests.Response, entry: Entry, *, stands: bool) -> None:
        self.acknowledged.append(Acknowledged(plot.domain, int(answer.headers["X-Zone-Serial"]), entry, stands))

    def _read_back(self, plot: Plot, *possible: tuple[bool, Counter[Entry]]) -> None:
        """What became of a change that nobody answered for."""
        uuid, entries = self.read(plot)
        found = (uuid is not None, Counter(entries.values()))
        if found not in possible:
            self._course.wrong(
                f"{plot.domain}: after a lost answer neither as before nor as wanted: {found} {possible}"
            )
        plot.uuid, plot.entries = uuid, entries

    def read(self, plot: Plot) -> tuple[str | None, dict[str, Entry]]:
        """The plot as the API shows it, asked again until it answers."""
        zones = self._get(f"/dns-zones/?domain={plot.domain}")
        if not zones:
            return None, {}
        records = self._get(f"/dns-zones/{zones[0]['uuid']}/records/")
        own = (record for record in records if record["name"].startswith(f"{self._mark}-"))
        return zones[0]["uuid"], {record["uuid"]: _entry_of(record) for record in own}

    def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                answer = self._api("GET", path)
                if answer.ok:
                    return answer.json()
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise TimeoutError(f"GET {path}: no answer within {PATIENCE:g} s")


def _body(entry: Entry) -> Mapping[str, Any]:
    record_type, name, value, priority = entry
    return {"record_type": record_type, "name": name, "value": value, "ttl": TTL, "priority": priority}


def _entry_of(record: Mapping[str, Any]) -> Entry:
    return record["record_type"], record["name"], record["value"], record["priority"]
