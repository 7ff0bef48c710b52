"""A writer whose changes end by themselves: records that expire, and changes that nobody confirms."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.appliance import Client
from tests.soak.part_run import PartRun
from tests.soak.writers import Entry, Writer, ZoneShare, body_of

PAUSE = 0.2
CONFIRM_WITHIN = 10
"""Seconds; the shortest time that the API accepts."""
OK, CREATED, NO_CONTENT, REFUSED, TOO_LATE = 200, 201, 204, 400, 409


class DueWriter(Writer):
    """A writer with one zone; `staying` are the entries that must be there once everything else was due."""

    def __init__(
        self,
        part: PartRun,
        api: Client,
        domain: str,
        is_running: Callable[[], bool],
        last_kill: Callable[[], float],
    ) -> None:
        self.share = ZoneShare(domain, "w0", True, str(api.zone(domain)["uuid"]))
        self.staying: list[Entry] = []
        self.ending = 0
        self.due_at = datetime.now(UTC)
        super().__init__(part, api, "w0", [self.share], is_running, last_kill)

    def change(self, share: ZoneShare) -> None:
        """Create a record that expires, or with a change that is confirmed or not; each has a name of its own.

        An RRset that has changed since is not reverted.
        """
        rdtype, _, value, priority = self._entry("A")
        entry = rdtype, f"w0-{value}", value, priority
        if self._random.random() < 0.5:
            self._create_expiring(share, entry)
        else:
            self._create_unconfirmed(share, entry)
        time.sleep(PAUSE)

    def has_ended(self) -> bool:
        """Return whether the zone has the entries that stay, and no others."""
        return sorted(self.read(self.share)[1].values()) == sorted(self.staying)

    def _create_expiring(self, share: ZoneShare, entry: Entry) -> None:
        seconds = timedelta(seconds=self._random.randint(2, CONFIRM_WITHIN))
        expires_at = datetime.now(UTC).replace(microsecond=0) + seconds
        body = {**body_of(entry), "expires_at": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        if self._post(f"/dns-zones/{share.uuid}/records/", body, CREATED, REFUSED) == CREATED:
            self.ending += 1
            self.due_at = max(self.due_at, expires_at)

    def _create_unconfirmed(self, share: ZoneShare, entry: Entry) -> None:
        body = {"changes": [{"action": "create", **body_of(entry)}], "confirm_within": CONFIRM_WITHIN}
        path = f"/dns-zones/{share.uuid}/changes/"
        if self._post(path, body, OK) != OK:
            return
        self.due_at = datetime.now(UTC) + timedelta(seconds=CONFIRM_WITHIN)
        confirm = f"{path}{self._last['change_id']}/confirm/"
        if self._random.random() < 0.5 and self._post(confirm, None, NO_CONTENT, TOO_LATE) == NO_CONTENT:
            self.staying.append(entry)
        else:
            self.ending += 1

    def _post(self, path: str, body: object, *expected: int) -> int:
        """Send the request until it is answered; return the status."""
        answer = self._send_until_answered(path, body, {})
        if answer.status_code == 503:
            self.refused += 1
        elif self._part.check(answer.status_code in expected, f"POST {path}: {answer.status_code} {answer.text[:200]}"):
            self.count += 1
            self._last = answer.json() if answer.content else {}
        return answer.status_code
