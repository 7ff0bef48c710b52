"""What most stories of faults begin with: an appliance with one zone that is live, and what is looked for in it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

from tests.appliance import Appliance, Client
from tests.pair import wait_for

OLD, NEW = b"\xc0\0\2\1", b"\xc0\0\2\2"
HEAL_SECONDS = 60.0
"""Everything heals within this time of the fault's end."""


class LiveZone:
    """An appliance with one zone, `www` in it at OLD, live."""

    def __init__(self, appliance: Appliance) -> None:
        self.appliance = appliance
        self.api: Client = appliance.client(appliance.token("healing@example.org"))
        self.zone = self.api.zone("healing.example")
        self.record = self.api.record(self.zone, "A", "www", "192.0.2.1")
        self.api.wait_until_live(self.zone)
        self.file = appliance.state / "zones" / f"{self.zone['uuid']}.zone"

    def change(self) -> None:
        """Store NEW in place of OLD."""
        self.api.expect(200, "PATCH", f"/dns-records/{self.record['uuid']}/", {"value": "192.0.2.2"})

    def deployment(self) -> dict[str, Any]:
        """What the API says of the zone."""
        found: dict[str, Any] = self.api.expect(200, "GET", f"/dns-zones/{self.zone['uuid']}/deployment/")
        return found

    def wait_until_failed(self, words: str) -> None:
        """Wait until the zone has failed, for that reason."""
        wait_for(lambda: re.search(words, self.deployment()["error"] or ""), f"failed with {words}", HEAL_SECONDS)

    def answers(self) -> list[frozenset[bytes]]:
        """What both nameservers answer."""
        return [self.appliance.answer("www.healing.example", "A", server)[1] for server in (1, 2)]

    def wait_until_healed(self) -> None:
        """Wait until both nameservers answer NEW and the zone is live."""
        wait_for(lambda: self.answers() == [{NEW}, {NEW}], "both answer the newest content", HEAL_SECONDS)
        wait_for(lambda: self.deployment()["state"] == "live", "the zone is live", HEAL_SECONDS)

    def restart(self, words: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Kill a child, do something while it is down, and wait until it was started again."""
        before = self.appliance.child(words)
        assert before
        os.kill(before, signal.SIGKILL)
        meanwhile()
        wait_for(lambda: self.appliance.child(words) not in (None, before), f"{words} runs again")
