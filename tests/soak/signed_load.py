"""The signed zones of a storm: those of writers of their own, and some that all writers share.

Each has a DS at its parent, as its users report, so that every answer of every nameserver must be valid from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

from appliance.zones.signing import Ds
from tests.appliance import Client
from tests.pair import wait_for
from tests.soak.disk import sign_again
from tests.soak.part_run import PartRun
from tests.soak.signed_writers import Claims, ClaimWriter, SwitchWriter, ds_of
from tests.soak.validation import ValidWatcher, verify_zone
from tests.soak.watchers import Watcher
from tests.soak.writers import Writer, ZoneShare

FIRST_MARK = 6
"""Number in the name of the first of these writers; those of the others follow."""
CLAIMERS = 2
"""Writers of signed zones for each shared zone that is signed."""
SIGNING_TIMEOUT = 120.0
SIGNED_AT_ONCE = 3
"""Zones that are signed again at the same moment, at most."""


class SignedLoad:
    """Writers and watchers of signed zones; the `shared` ones, by domain with their uuid, are signed as well.

    Each claim writer has one zone, and the one that turns DNSSEC on and off as many as are shared. `is_running` and
    `last_kill` are those of a writer.
    """

    def __init__(
        self,
        part: PartRun,
        clients: Callable[[], Client],
        shared: Mapping[str, str],
        is_running: Callable[[], bool],
        last_kill: Callable[[], float],
    ) -> None:
        self._part, self._api = part, clients()
        self.claims, self.signings = Claims(part), 0
        self.watchers: Sequence[ValidWatcher] = ()
        *marks, last = (f"w{FIRST_MARK + number}" for number in range(CLAIMERS * len(shared) + 1))

        def shares(mark: str, count: int, *, dnssec: bool) -> list[ZoneShare]:
            domains = (f"signed-{number}.{mark}.example" for number in range(count))
            return [ZoneShare(domain, mark, True, self._create(domain, dnssec=dnssec)) for domain in domains]

        self.claimers = [
            ClaimWriter(self.claims, part, clients(), mark, shares(mark, 1, dnssec=True), is_running, last_kill)
            for mark in marks
        ]
        switched = shares(last, len(shared), dnssec=False)
        self.switcher = SwitchWriter(self._secure, part, clients(), last, switched, is_running, last_kill)
        for uuid in shared.values():
            self._api.expect(200, "PATCH", f"/dns-zones/{uuid}/", {"dnssec": True})
        own = {share.domain: str(share.uuid) for writer in self.claimers for share in writer.shares}
        self.trusted = {domain: self._secured(domain, uuid) for domain, uuid in {**shared, **own}.items()}
        self.always = frozenset(self.trusted)
        """The zones that are signed from the start."""

    @property
    def writers(self) -> list[Writer]:
        """The writers of its own zones."""
        return [*self.claimers, self.switcher]

    def watch(self, watchers: Sequence[Watcher], owners: Callable[[Random], str]) -> None:
        """Have the same nameservers validated, and their claims checked."""
        self.claims.watchers = watchers
        self.watchers = [ValidWatcher(self._part, one.server, self.trusted, owners) for one in watchers]

    def sign_again(self, state: Path, random: Random) -> None:
        """Make the primary of the appliance in that folder sign some zones again, if it runs."""
        chosen = random.sample(sorted(self.always), random.randint(1, SIGNED_AT_ONCE))
        self.signings += sum(sign_again(state, domain) for domain in chosen)

    def verify(self) -> None:
        """Check every zone with a DS at its parent, as a whole, at each nameserver."""
        for watcher in self.claims.watchers:
            for domain in self.trusted:
                verify_zone(self._part, watcher.server, watcher.key, domain)

    def report(self, claims: int) -> None:
        """Print the figures; so many claims are to be checked."""
        checked = self.claims.checked
        self._part.figure(
            f"signed zones: {checked:,} claims of live checked, {self.claims.false} false, {self.claims.restarted} of "
            f"a secondary that restarted; {self.signings} signed again, {self.switcher.switches} turned on or off"
        )
        for watcher in self.watchers:
            answers = ", ".join(f"{what} {count:,}" for what, count in sorted(watcher.counts.items()))
            self._part.figure(f"{watcher.server.name}, signed zones: {answers}")
        if checked < claims:
            self._part.short(f"out of time after {checked} of {claims} claims")

    def _create(self, domain: str, *, dnssec: bool) -> str:
        return str(self._api.expect(201, "POST", "/dns-zones/", {"domain": domain, "dnssec": dnssec})["uuid"])

    def _secured(self, domain: str, uuid: str) -> list[Ds]:
        """Report the DS of a zone as published once every nameserver serves it signed; return it."""
        path = f"/dns-zones/{uuid}/dnssec/"

        def is_signed() -> bool:
            return bool(self._api.expect(200, "GET", path)["state"] == "ds-wait")

        wait_for(is_signed, f"{domain} is signed", SIGNING_TIMEOUT)
        return ds_of(self._api.expect(200, "POST", f"{path}confirm/", {"ds": "published"}))

    def _secure(self, domain: str, ds: list[Ds]) -> None:
        self.trusted[domain] = ds
