"""Writers that change zones over the API while processes are killed, and record acknowledged changes.

After a request without a response the writer waits for the API and reads the zone: the change must be there completely
or not at all. The writer continues with what it has read. Half of the POST requests have an Idempotency-Key: they are
repeated until there is a response, and must be performed once.
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
API_TIMEOUT = 60.0
"""Seconds within which the API must respond after a kill."""
_REFUSED = (503,)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A successful change: an entry that exists, or no longer exists, in the zone at that serial."""

    domain: str
    serial: int
    entry: Entry
    exists: bool


@dataclass(slots=True)
class ZoneShare:
    """A zone, or the names of a shared zone with the writer's prefix. Without uuid it does not exist."""

    domain: str
    mark: str
    shared: bool
    uuid: str | None = None
    entries: dict[str, Entry] = field(default_factory=dict)


class Unanswered(Exception):
    """The connection failed: it is unknown whether the change was stored."""


class Writer:
    """A writer and its zones. It calls `is_running` before each change.

    `last_kill`: when the API was last killed, seconds of `time.monotonic`.
    """

    def __init__(
        self,
        part: PartRun,
        api: Client,
        mark: str,
        shares: list[ZoneShare],
        is_running: Callable[[], bool],
        last_kill: Callable[[], float],
    ) -> None:
        self.shares = shares
        self.acknowledged: list[Acknowledged] = []
        self.count = 0
        self.unanswered = 0
        self.refused = 0
        self.repeated = 0
        self.replayed = 0
        self.longest = 0.0
        self._part, self._api, self._mark, self._is_running = part, api, mark, is_running
        self._last_kill = last_kill
        self._random = Random(f"{part.seed}/{mark}")
        self._number = 0
        self._keys = 0
        self._after: tuple[bool, Counter[Entry]] = (False, Counter())

    def run(self) -> None:
        """Make changes until `is_running` returns False."""
        try:
            while self._is_running():
                self.change(self._random.choice(self.shares))
        except Exception as error:  # noqa: BLE001 - the top of a thread
            self._part.wrong(f"writer {self._mark} failed: {error!r}")

    def change(self, share: ZoneShare) -> None:
        """Make one random change."""
        if share.uuid is None:
            self._try(share, lambda: self._create_zone(share))
        elif not share.shared and self._random.random() < 0.02:
            self._try(share, lambda: self._delete_zone(share))
        elif len(share.entries) < 3 or (len(share.entries) < 30 and self._random.random() < 0.4):
            self._try(share, lambda: self._create_record(share))
        elif self._random.random() < 0.6:
            self._try(share, lambda: self._change_record(share))
        else:
            self._try(share, lambda: self._delete_record(share))

    def _try(self, share: ZoneShare, change: Callable[[], None]) -> None:
        """Make the change; without a response, the zone must be as before or as after the change."""
        before = (share.uuid is not None, Counter(share.entries.values()))
        self._after = before
        try:
            change()
        except Unanswered:
            self.unanswered += 1
            self._read_back(share, before, self._after)

    def _create_zone(self, share: ZoneShare) -> None:
        self._after = (True, Counter())
        answer = self._request("POST", "/dns-zones/", {"domain": share.domain}, 201)
        if answer is not None:
            share.uuid, share.entries = answer.json()["uuid"], {}

    def _delete_zone(self, share: ZoneShare) -> None:
        self._after = (False, Counter())
        if self._request("DELETE", f"/dns-zones/{share.uuid}/", None, 204) is not None:
            share.uuid, share.entries = None, {}

    def _create_record(self, share: ZoneShare) -> None:
        entry = self._entry(self._random.choice(("A", "TXT", "MX")))
        self._after = (True, Counter([*share.entries.values(), entry]))
        answer = self._request("POST", f"/dns-zones/{share.uuid}/records/", body_of(entry), 201)
        if answer is not None:
            share.entries[answer.json()["uuid"]] = entry
            self._acknowledge(share, serial_of(answer), entry, exists=True)

    def _change_record(self, share: ZoneShare) -> None:
        uuid, before = self._random.choice(list(share.entries.items()))
        entry = (before[0], before[1], self._entry(before[0])[2], before[3])
        self._after = (True, Counter([*(one for key, one in share.entries.items() if key != uuid), entry]))
        answer = self._request("PATCH", f"/dns-records/{uuid}/", {"value": entry[2]}, 200)
        if answer is not None:
            share.entries[uuid] = entry
            self._acknowledge(share, serial_of(answer), entry, exists=True)

    def _delete_record(self, share: ZoneShare) -> None:
        uuid, entry = self._random.choice(list(share.entries.items()))
        self._after = (True, Counter(one for key, one in share.entries.items() if key != uuid))
        answer = self._request("DELETE", f"/dns-records/{uuid}/", None, 204)
        if answer is not None:
            del share.entries[uuid]
            self._acknowledge(share, serial_of(answer), entry, exists=False)

    def _entry(self, record_type: str) -> Entry:
        """Return an entry with a new value, so that each answer identifies one version."""
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

    def _request(self, method: str, path: str, body: Any, status: int) -> requests.Response | None:  # noqa: ANN401 - JSON
        """Return the response, None if it was refused with 503 and nothing was changed."""
        headers = {"Prefer": "wait=1"} if self._random.random() < 0.02 else {}
        if method == "POST" and self._random.random() < 0.5:
            answer = self._send_until_answered(path, body, headers)
        else:
            answer = self._send_once(method, path, body, headers)
        if answer.status_code == status:
            self.count += 1
            return answer
        if answer.status_code in _REFUSED:
            self.refused += 1
        else:
            self._part.wrong(f"{method} {path} {body}: {answer.status_code} {answer.text[:200]}")
        return None

    def _send_once(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> requests.Response:  # noqa: ANN401 - JSON
        try:
            return self._api(method, path, body, headers)
        except requests.RequestException:
            raise Unanswered from None

    def _send_until_answered(self, path: str, body: Any, headers: Mapping[str, str]) -> requests.Response:  # noqa: ANN401 - JSON
        """Send a POST with an Idempotency-Key, again and again until there is a response; return the first one."""
        self._keys += 1
        keyed = {**headers, "Idempotency-Key": f"{self._mark}-{self._keys}"}
        began, is_repeated = time.monotonic(), False
        while not self._is_overdue(began):
            try:
                answer = self._send_once("POST", path, body, keyed)
            except Unanswered:
                is_repeated = True
                time.sleep(0.1)
                continue
            self.repeated += is_repeated
            self.replayed += "Idempotency-Replayed" in answer.headers
            self.longest = max(self.longest, time.monotonic() - began)
            return answer
        raise TimeoutError(f"POST {path}: no response within {API_TIMEOUT:g} s of the last kill")

    def _is_overdue(self, began: float) -> bool:
        """Return True if the API had its time to respond to a request of that moment, without a kill meanwhile."""
        return time.monotonic() > max(began, self._last_kill()) + API_TIMEOUT

    def _acknowledge(self, share: ZoneShare, serial: int, entry: Entry, *, exists: bool) -> None:
        self.acknowledged.append(Acknowledged(share.domain, serial, entry, exists))

    def _read_back(self, share: ZoneShare, *possible: tuple[bool, Counter[Entry]]) -> None:
        """Read the zone after a change without a response, and check it."""
        uuid, entries = self.read(share)
        found = (uuid is not None, Counter(entries.values()))
        if found not in possible:
            self._part.wrong(
                f"{share.domain}: after a lost response neither as before nor as after the change: {found} {possible}"
            )
        share.uuid, share.entries = uuid, entries

    def read(self, share: ZoneShare) -> tuple[str | None, dict[str, Entry]]:
        """Return the uuid and the own entries of the zone, retrying until the API responds."""
        zones = self._get(f"/dns-zones/?domain={share.domain}")
        if not zones:
            return None, {}
        records = self._get(f"/dns-records/?zone={zones[0]['uuid']}&search={self._mark}-&page_size=1000")
        own = (record for record in records if record["name"].startswith(f"{self._mark}-"))
        return zones[0]["uuid"], {record["uuid"]: entry_of(record) for record in own}

    def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        began = time.monotonic()
        while not self._is_overdue(began):
            try:
                answer = self._api("GET", path)
                if answer.ok:
                    return answer.json()
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise TimeoutError(f"GET {path}: no response within {API_TIMEOUT:g} s of the last kill")


def body_of(entry: Entry) -> Mapping[str, Any]:
    """Return the record of an entry, as a request has it."""
    record_type, name, value, priority = entry
    return {"record_type": record_type, "name": name, "value": value, "ttl": TTL, "priority": priority}


def entry_of(record: Mapping[str, Any]) -> Entry:
    """Return the entry of a record that a response has."""
    return record["record_type"], record["name"], record["value"], record["priority"]


def serial_of(answer: requests.Response) -> int:
    """Return the zone's serial after a write."""
    return int(answer.headers["X-Zone-Serial"])
