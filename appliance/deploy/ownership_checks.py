"""Check zones that are held, beside the loop: release those whose ownership is proven, or that need no proof.

A resolver that does not answer changes nothing: what is held stays held, and what is published stays published.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.editing import Editor, public_suffixes
from appliance.errors import ApplianceError, StoreError
from appliance.principal import Principal
from appliance.queries.authorities import Silent, Unresolved, find_authorities, find_texts
from appliance.store import holds
from appliance.store.file.database import Store
from appliance.zones.names import print_domain
from appliance.zones.ownership import Hold, HoldReason, Proof, challenges

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two polls of the store for zones that are due."""
MOST_AT_ONCE = 20
"""Zones that are checked one after the other before the next poll."""
_PRINCIPAL = Principal.local("deployer")


@dataclass(frozen=True, slots=True)
class Lookups:
    """What is asked: the resolver, the appliance's nameservers, and the port of nameservers of parent zones."""

    resolver: Nameserver
    servers: frozenset[Name]
    port: int = 53


@dataclass(slots=True)
class OwnershipChecks:
    """Checks holds that are due, with longer pauses from check to check. `lookups` is None if nothing can be asked."""

    store: Store
    editor: Editor
    proof: Proof
    lookups: Lookups | None
    clock: Callable[[], datetime]
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Check what is due until `stop` is called; without proofs, release what is held and return."""
        while True:
            try:
                count = self.check_due()
                if not count and self.proof is Proof.OFF:
                    return
            except StoreError as failed:
                log.warning("event=ownership-check-failed reason=%r", str(failed))
            except Exception:  # the top of the thread: the next poll tries again
                log.exception("event=ownership-check-failed")
            if self._stopped.wait(EVERY):
                return

    def stop(self) -> None:
        """End `run` after the running check."""
        self._stopped.set()

    def check_due(self) -> int:
        """Check the zones that are due, and return their number; raise StoreError if the store fails."""
        with self.store.connection():
            with self.store.reading():
                due = holds.due(None if self.proof is Proof.OFF else self.clock(), MOST_AT_ONCE)
            for hold in due:
                if self._stopped.is_set():
                    break
                self._check(hold)
        return len(due)

    def _check(self, hold: Hold) -> None:
        try:
            checked = self._look_up(hold)
        except Exception as failed:  # one zone must not keep the others waiting
            log.exception("event=ownership-check-failed zone=%s", print_domain(hold.domain))
            checked = replace(hold, problem=f"the lookup failed: {type(failed).__name__}")
        if checked is None:
            self._release(hold)
            return
        checked = replace(checked, checked_at=self.clock(), checks=hold.checks + 1)
        with self.store.writing():
            holds.store_check(checked, self.clock() + hold.next_pause)
        log.info("event=held zone=%s reason=%s problem=%r", print_domain(hold.domain), checked.reason, checked.problem)

    def _release(self, hold: Hold) -> None:
        try:
            self.editor.release_zone(_PRINCIPAL, hold.zone)
        except StoreError:
            raise
        except ApplianceError:  # deleted or released meanwhile
            return
        log.info("event=released zone=%s", print_domain(hold.domain))

    def _look_up(self, hold: Hold) -> Hold | None:
        """Return what is known of a zone that stays held; None if it is released."""
        if self.proof is Proof.OFF:
            return None
        if self.lookups is None:
            return replace(hold, problem="dns.resolver is not set")
        hold = replace(hold, problem="")
        if self.proof is Proof.DELEGATED and hold.reason is not HoldReason.DELEGATED:
            found = find_authorities(hold.domain, self.lookups.resolver, self.lookups.port)
            if self.lookups.servers & found.servers:
                hold = replace(hold, reason=HoldReason.DELEGATED)
            elif not found.problem:
                return None
            hold = replace(hold, problem=found.problem)
        return self._without_proof(hold, self.lookups.resolver)

    def _without_proof(self, hold: Hold, resolver: Nameserver) -> Hold | None:
        """Return the hold if there is no proof, with what prevented a lookup; None if there is one."""
        problem = hold.problem
        for name in challenges(hold.domain, public_suffixes().is_public):
            try:
                if hold.token.encode() in find_texts(name, resolver):
                    return None
            except Unresolved as unresolved:
                problem = problem or str(unresolved)
                if isinstance(unresolved, Silent):
                    break
        return replace(hold, problem=problem)
