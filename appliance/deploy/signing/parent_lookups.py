"""Checks of parent zones beside the steps of zones: a parent that is slow keeps no other zone waiting.

Whoever has a parent zone chooses how long its nameservers take to answer, and any account may have many zones below it.
So several parents are checked at a time, those of the accounts in turn.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from appliance.addresses import Endpoint, Nameserver
from appliance.deploy.signing.own_parents import CheckParent
from appliance.queries.delegation import is_public
from appliance.queries.delegation_signer import check_parent
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.signing import ParentCheck

log = logging.getLogger(__name__)

MOST_AT_ONCE = 8
"""Parents that are checked at a time."""


class Pending(Exception):
    """The check of the parent has begun, and has not ended yet."""


@dataclass(slots=True)
class ParentLookups:
    """Starts the checks that it is called for, and returns what they found when it is called again."""

    check: CheckParent
    clock: Callable[[], datetime]
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _waiting: dict[UUID, deque[Zone]] = field(default_factory=dict, init=False)
    _begun: set[UUID] = field(default_factory=set, init=False)
    _found: dict[UUID, ParentCheck | None] = field(default_factory=dict, init=False)
    _ended: list[UUID] = field(default_factory=list, init=False)
    _threads: int = field(default=0, init=False)

    def __call__(self, zone: Zone, _now: datetime) -> ParentCheck | None:
        """Return what the check of the zone's parent found; start it, and raise Pending until it has ended."""
        with self._lock:
            if zone.uuid in self._found:
                self._begun.discard(zone.uuid)
                return self._found.pop(zone.uuid)
            if zone.uuid not in self._begun:
                self._begun.add(zone.uuid)
                self._waiting.setdefault(zone.account, deque()).append(zone)
                self._start_thread()
        raise Pending

    def take_ended(self) -> list[UUID]:
        """Return the zones whose check has ended since the last call."""
        with self._lock:
            ended, self._ended = self._ended, []
        return ended

    def _start_thread(self) -> None:
        if self._threads < MOST_AT_ONCE:
            self._threads += 1
            threading.Thread(target=self._run, name="parent-lookup", daemon=True).start()

    def _run(self) -> None:
        while (zone := self._next()) is not None:
            found = self._checked(zone)
            with self._lock:
                self._found[zone.uuid] = found
                self._ended.append(zone.uuid)

    def _next(self) -> Zone | None:
        """Return a zone of the account that waits longest; end the thread if there is none."""
        with self._lock:
            if not self._waiting:
                self._threads -= 1
                return None
            account = next(iter(self._waiting))
            zones = self._waiting.pop(account)
            zone = zones.popleft()
            if zones:
                self._waiting[account] = zones
            return zone

    def _checked(self, zone: Zone) -> ParentCheck | None:
        try:
            return self.check(zone, self.clock())
        except Exception:
            log.exception("event=signing-step-failed zone=%s", print_domain(zone.name))
            return ParentCheck("", self.clock(), problem="the check failed: the log of the deployer has the cause")


def parent_check_by(
    resolver: Endpoint | None, port: int = 53, is_allowed: Callable[[str], bool] = is_public
) -> CheckParent:
    """Return the function that checks parents through this resolver."""

    def check(zone: Zone, now: datetime) -> ParentCheck | None:
        if resolver is None:
            return None
        return check_parent(zone.name, Nameserver("resolver", resolver), now, port, is_allowed=is_allowed)

    return check
