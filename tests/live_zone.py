"""An appliance with one live zone, for tests of faults."""

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
"""Seconds after the end of a fault within which everything must recover."""
CHECKERS = {
    "named-checkzone": "DNS_APPLIANCE_DEPLOYER_NAMED_CHECKZONE",
    "named-checkconf": "DNS_APPLIANCE_DEPLOYER_NAMED_CHECKCONF",
}
"""The settings of the checkers."""


class LiveZone:
    """An appliance with one live zone in which `www` has the address OLD."""

    def __init__(self, appliance: Appliance, domain: str = "healing.example") -> None:
        self.appliance, self.domain = appliance, domain
        self.api: Client = appliance.client(appliance.token("healing@example.org"))
        self.zone = self.api.zone(domain)
        self.record = self.api.record(self.zone, "A", "www", "192.0.2.1")
        self.api.wait_until_live(self.zone)
        self.file = appliance.state / "zones" / f"{self.zone['uuid']}.zone"

    def change(self) -> None:
        """Change the address from OLD to NEW."""
        self.api.expect(200, "PATCH", f"/dns-records/{self.record['uuid']}/", {"value": "192.0.2.2"})

    def change_by_file(self) -> None:
        """Change the address from OLD to NEW after the delegation of a new child zone, which no UPDATE does."""
        self.api.zone(f"below.{self.domain}")
        self.change()

    def deployment(self, zone: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the deployment of the zone, or of another one."""
        uuid = (zone or self.zone)["uuid"]
        found: dict[str, Any] = self.api.expect(200, "GET", f"/dns-zones/{uuid}/deployment/")
        return found

    def wait_until_failed(self, pattern: str, zone: dict[str, Any] | None = None) -> None:
        """Wait until the error of the zone, or of another one, matches the pattern."""
        wait_for(
            lambda: re.search(pattern, self.deployment(zone)["error"] or ""), f"failed with {pattern}", HEAL_SECONDS
        )

    def wait_for_file(self, text: str) -> None:
        """Wait until the live file has the text: it follows a change that was served by UPDATE."""
        wait_for(lambda: self.file.exists() and text in self.file.read_text(), f"the file has {text}", HEAL_SECONDS)

    def problems(self) -> str:
        """Return the problems that the appliance reports, as text."""
        return str(self.appliance.get("/readyz").json()["degraded"])

    def answers(self) -> list[frozenset[bytes]]:
        """Return the addresses that both nameservers answer."""
        return [self.appliance.answer(f"www.{self.domain}", "A", server)[1] for server in (1, 2)]

    def wait_until_healed(self) -> None:
        """Wait until both nameservers answer NEW and the zone is live."""
        wait_for(lambda: self.answers() == [{NEW}, {NEW}], "both answer the newest content", HEAL_SECONDS)
        wait_for(lambda: self.deployment()["state"] == "live", "the zone is live", HEAL_SECONDS)

    def restart(self, words: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Kill a child, call `meanwhile`, and wait until the child has been restarted."""
        before = self.appliance.child(words)
        assert before
        os.kill(before, signal.SIGKILL)
        meanwhile()
        wait_for(lambda: self.appliance.child(words) not in (None, before), f"{words} runs again")
