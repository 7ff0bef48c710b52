"""Writers of signed zones: one waits until its changes are said to be live, one turns DNSSEC on and off.

"Live" is checked at once at every nameserver: each must have the content number of the change, and the record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
from dns.message import Message
from dns.rcode import NOERROR, NXDOMAIN

from appliance.addresses import Nameserver
from appliance.zones.serial import is_later
from appliance.zones.signing import CONTENT_TYPE, Ds
from tests.soak.comparison import served_row
from tests.soak.part_run import PartRun
from tests.soak.watchers import Watcher
from tests.soak.writers import API_TIMEOUT, Acknowledged, Unanswered, Writer, ZoneShare

ANSWER_TIMEOUT = 60.0
"""Seconds within which a nameserver must answer again after it was killed."""
SWITCH = 0.1
"""Share of the changes that turn DNSSEC on or off."""


class Claims:
    """The claims that a change is live, and how many of them were checked; `false` were not what a nameserver served.

    `restarted`: a secondary that was killed meanwhile had the content from before.
    """

    def __init__(self, part: PartRun) -> None:
        self.checked = self.false = self.restarted = 0
        self.watchers: Sequence[Watcher] = ()
        self._part = part

    @property
    def restarts(self) -> list[int]:
        """How often each nameserver was killed and has ended."""
        return [watcher.restarts for watcher in self.watchers]

    def check(self, claimed: Acknowledged, restarts: Sequence[int]) -> None:
        """Check what every nameserver serves; `restarts` are those from before the change."""
        for watcher, before in zip(self.watchers, restarts, strict=True):
            fault = difference(watcher.server, claimed)
            if fault and watcher.may_decrease and watcher.restarts != before:
                self.restarted += 1
            elif fault:
                self.false += 1
                self._part.wrong(f"{claimed} is live, but {fault}")
        self.checked += 1


def difference(server: Nameserver, claimed: Acknowledged) -> str:
    """Return what the nameserver serves in place of the change; "" if it serves that."""
    row = served_row(claimed.domain, claimed.entry)
    numbers = [
        int.from_bytes(rdata.to_wire() or b"", "big")
        for rrset in _answer(server, claimed.domain, f"TYPE{CONTENT_TYPE}").answer
        if rrset.rdtype == CONTENT_TYPE
        for rdata in rrset
    ]
    if not numbers or is_later(claimed.serial, numbers[0]):
        return f"{server.name} has the content number {numbers}"
    answer = _answer(server, row[0], claimed.entry[0]).answer
    found = {rdata.to_wire() for rrset in answer for rdata in rrset}
    return "" if (row[3] in found) is claimed.exists else f"{server.name} answers {answer}"


def _answer(server: Nameserver, name: str, rdtype: str) -> Message:
    """Return the answer of a nameserver that may just be starting."""
    query = dns.message.make_query(name, rdtype, flags=dns.flags.Flag(0))
    deadline = time.monotonic() + ANSWER_TIMEOUT
    while True:
        try:
            reply, _ = dns.query.udp_with_fallback(query, server.endpoint.host, 0.3, server.endpoint.port)
            if reply.rcode() in (NOERROR, NXDOMAIN):
                return reply
        except (dns.exception.DNSException, OSError):
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"{server.name} does not answer {name}")
        time.sleep(0.02)


class ClaimWriter(Writer):
    """A writer of signed zones that no other one changes: each change is awaited, and the claim checked."""

    def __init__(self, claims: Claims, *arguments: Any) -> None:  # noqa: ANN401 - those of a writer
        super().__init__(*arguments)
        self._claims = claims

    def change(self, share: ZoneShare) -> None:
        """Make a change, and check what is claimed of it."""
        restarts, known = self._claims.restarts, len(self.acknowledged)
        super().change(share)
        if len(self.acknowledged) > known and self._becomes_live(share):
            self._claims.check(self.acknowledged[-1], restarts)

    def _becomes_live(self, share: ZoneShare) -> bool:
        """Return True once the zone is live, False if time is up before."""
        path, began = f"/dns-zones/{share.uuid}/deployment/", time.monotonic()
        while self._get(path)["state"] != "live":
            if not self._is_running():
                return False
            if time.monotonic() > max(began, self._last_kill()) + API_TIMEOUT:
                self._part.wrong(f"{share.domain} is not live within {API_TIMEOUT:g} s: {self._get(path)}")
                return False
            time.sleep(0.005)
        return True


class SwitchWriter(Writer):
    """A writer that also turns DNSSEC of its zones on and off.

    A zone that is signed gets a DS at its parent, so that it must stay signed from then on, wanted or not: caches may
    hold the DS for longer than any run. `secure` is called with it then.
    """

    def __init__(self, secure: Callable[[str, list[Ds]], None], *arguments: Any) -> None:  # noqa: ANN401 - of a writer
        super().__init__(*arguments)
        self._secure = secure
        self.switches = 0

    def change(self, share: ZoneShare) -> None:
        """Turn DNSSEC on or off, or make another change."""
        if share.uuid and self._random.random() < SWITCH:
            self._switch(share)
        else:
            super().change(share)

    def _switch(self, share: ZoneShare) -> None:
        path = f"/dns-zones/{share.uuid}/"
        wanted = not self._get(path)["dnssec"]
        self._until_answered("PATCH", path, {"dnssec": wanted})
        self.switches += 1
        if wanted:
            self._report_published(share)
        elif self._random.random() < 0.5:
            self._until_answered("POST", f"{path}dnssec/confirm/", {"ds": "withdrawn"})

    def _report_published(self, share: ZoneShare) -> None:
        """Report that the DS is at the parent, once every nameserver serves the zone signed."""
        path = f"/dns-zones/{share.uuid}/dnssec/"
        while (shown := self._get(path))["state"] in ("signing", "unsigned"):
            if not self._is_running():
                return
            time.sleep(0.1)
        self._secure(share.domain, ds_of(shown))
        self._until_answered("POST", f"{path}confirm/", {"ds": "published"})

    def _until_answered(self, method: str, path: str, body: object) -> None:
        """Send a request, which may be repeated, until it is answered; a conflict is an answer."""
        began = time.monotonic()
        while not self._is_overdue(began):
            try:
                answer = self._send_once(method, path, body, {})
            except Unanswered:
                time.sleep(0.1)
                continue
            if answer.status_code != 503:
                self._part.check(answer.status_code in (200, 409), f"{method} {path}: {answer.text[:200]}")
                return
        raise TimeoutError(f"{method} {path}: no response within {API_TIMEOUT:g} s of the last kill")


def ds_of(shown: Any) -> list[Ds]:  # noqa: ANN401 - JSON
    """Return the DS records, with SHA-256, of the keys of a zone as the API shows its DNSSEC."""
    fields = ("key_tag", "algorithm", "digest_type", "digest")
    return [Ds(*(one[name] for name in fields)) for one in shown["ds"] if one["digest_type"] == 2]
