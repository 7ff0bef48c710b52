"""Check zones that are held, beside the loop: release those whose ownership is proven, or that need no proof.

One that waits for too long is deleted, as its account could do, so that the domain is free for its owner.

A resolver that does not answer changes nothing: what is held stays held, and what is published stays published.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.background import BackgroundJob
from appliance.editing import Editor, is_expired, public_suffixes
from appliance.errors import ApplianceError, StoreError
from appliance.principal import Principal
from appliance.queries.authorities import Silent, Unresolved, find_authorities, find_texts
from appliance.queries.delegation import is_public
from appliance.queries.lookup import Budget
from appliance.store import holds, zones
from appliance.store.file.database import Store
from appliance.zones.names import print_domain
from appliance.zones.ownership import Hold, HoldReason, Proof, challenges

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two polls of the store for zones that are due, if there were none."""
MOST_AT_ONCE = 20
"""Zones, of as many accounts, that are checked one after the other before the next poll."""
_PRINCIPAL = Principal.local("deployer")


@dataclass(frozen=True, slots=True)
class Lookups:
    """What is asked: the resolver, and nameservers of parent zones at `port` where their address `is_allowed`.

    `servers` are the appliance's nameservers.
    """

    resolver: Nameserver
    servers: frozenset[Name]
    port: int = 53
    is_allowed: Callable[[str], bool] = is_public


@dataclass(frozen=True, slots=True)
class _Result:
    """What a check found: the zone stays held, or is released (None). `is_answered`: the resolver was not silent."""

    hold: Hold | None
    is_answered: bool = False


@dataclass(slots=True)
class OwnershipChecks(BackgroundJob):
    """Checks holds that are due, with longer pauses from check to check. `lookups` is None if nothing can be asked."""

    failure = "event=ownership-check-failed"
    every = EVERY

    store: Store
    editor: Editor
    proof: Proof
    lookups: Lookups | None
    clock: Callable[[], datetime]

    def step(self) -> float | None:
        """Check what is due; return the seconds until the next time, None once nothing is held and none needs proof."""
        if self.check_due():
            return 0.0
        return None if self.proof is Proof.OFF else EVERY

    def check_due(self) -> int:
        """Check a due zone of each account, and return their number; raise StoreError if the store fails.

        So an account whose zones take long delays those of others by one check, not by all of its own.
        """
        with self.store.connection():
            with self.store.reading():
                due = holds.due(None if self.proof is Proof.OFF else self.clock(), MOST_AT_ONCE, one_each=True)
            for hold in due:
                if self._stopped.is_set():
                    break
                self._check(hold)
        return len(due)

    def _check(self, hold: Hold) -> None:
        try:
            result = self._look_up(hold)
        except Exception as failed:  # one zone must not keep the others waiting
            log.exception("event=ownership-check-failed zone=%s", print_domain(hold.domain))
            result = _Result(replace(hold, problem=f"the lookup failed: {type(failed).__name__}"))
        if result.hold is None:
            if self._write(hold, self.editor.release_zone):
                log.info("event=released zone=%s", print_domain(hold.domain))
        elif result.is_answered and self._is_expired(hold):
            if self._write(hold, partial(self.editor.delete_zone, only_held=True)):
                log.info("event=hold-expired zone=%s", print_domain(hold.domain))
        else:
            self._keep(replace(result.hold, checked_at=self.clock(), checks=hold.checks + 1))

    def _is_expired(self, hold: Hold) -> bool:
        with self.store.reading():
            return is_expired(zones.get_any(hold.zone), self.clock())

    def _keep(self, hold: Hold) -> None:
        """Store the result of the check, unless the zone was released or deleted meanwhile."""
        with self.store.writing():
            is_held = holds.store_check(hold, self.clock() + hold.next_pause)
        if is_held:
            domain = print_domain(hold.domain)
            log.info("event=held zone=%s reason=%s problem=%r", domain, hold.reason, hold.problem)

    def _write(self, hold: Hold, write: Callable[[Principal, UUID], object]) -> bool:
        """Release or delete the zone if it is still held; return False if it is not, or if that is refused."""
        try:
            write(_PRINCIPAL, hold.zone)
        except StoreError:
            raise
        except ApplianceError as refused:
            self._keep(replace(hold, problem=str(refused), checked_at=self.clock(), checks=hold.checks + 1))
            return False
        return True

    def _look_up(self, hold: Hold) -> _Result:
        if self.proof is Proof.OFF:
            return _Result(None)
        if self.lookups is None:
            return _Result(replace(hold, problem="dns.resolver is not set"))
        if self.proof is Proof.DELEGATED and hold.reason is not HoldReason.DELEGATED:
            asked = self.lookups
            found = find_authorities(hold.domain, asked.resolver, asked.port, is_allowed=asked.is_allowed)
            if self.lookups.servers & found.servers:
                hold = replace(hold, reason=HoldReason.DELEGATED)
            elif not found.problem:
                return _Result(None)
            if found.is_silent:
                return _Result(replace(hold, problem=found.problem))
            return self._find_proof(replace(hold, problem=found.problem), self.lookups.resolver)
        return self._find_proof(replace(hold, problem=""), self.lookups.resolver)

    def _find_proof(self, hold: Hold, resolver: Nameserver) -> _Result:
        """Look for the record at the domain and above it."""
        problem, budget = hold.problem, Budget()
        for name in challenges(hold.domain, public_suffixes().is_public):
            try:
                if hold.token.encode() in find_texts(name, resolver, budget):
                    return _Result(None)
            except Silent as silent:
                return _Result(replace(hold, problem=problem or str(silent)))
            except Unresolved as unresolved:
                problem = problem or str(unresolved)
        return _Result(replace(hold, problem=problem), is_answered=True)
