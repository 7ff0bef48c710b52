"""The rollout of one zone to its nameservers: named stages, and the events that lead from each stage to the next.

A rollout knows nothing of files, threads and answers: others report events, and `advance` applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto

from dns.name import Name

from appliance.store.deployments import ZoneStatus


class Stage(StrEnum):
    """How far a zone has come."""

    PENDING = "pending"
    UPDATING = "updating"
    COMPILING = "compiling"
    LOADING = "loading"
    AWAITING_CATALOG = "awaiting_catalog"
    AWAITING_SECONDARIES = "awaiting_secondaries"
    LIVE = "live"
    RESTORING = "restoring"
    FAILED = "failed"
    WITHDRAWING = "withdrawing"
    AWAITING_REMOVAL = "awaiting_removal"
    REMOVED = "removed"


class RolloutEvent(Enum):
    """What may happen to a zone during its rollout."""

    STARTED = auto()
    WITHDRAWAL_STARTED = auto()
    UPDATE_SENT = auto()
    UPDATE_REFUSED = auto()
    """The primary did not apply the update, and the zone is published by its file."""
    HANDED_OVER = auto()
    """The primary was given the new content, and has not yet shown that it serves it."""
    REFUSED = auto()
    """The work ended with an error."""
    PRIMARY_SERVES = auto()
    LISTED = auto()
    """The catalog lists the zone."""
    COMPLETE = auto()
    """Every nameserver answered as expected."""
    DOUBTED = auto()
    """The content of the primary is not proven to be that of the store."""
    AHEAD = auto()
    """A nameserver serves a later serial than the one expected."""
    OVERDUE = auto()
    NOT_LOADED = auto()
    """The primary answers, and did not load the new content in time."""
    RESTORED = auto()
    """The primary has the former content again, or that failed."""
    WITHDRAWN = auto()
    """The primary no longer has the zone."""


HOLDING = frozenset({Stage.UPDATING, Stage.COMPILING, Stage.LOADING, Stage.RESTORING, Stage.WITHDRAWING})
"""Stages in which a second rollout of the same name must wait: a reload that meets a running load is lost."""
FINAL = frozenset({Stage.LIVE, Stage.FAILED, Stage.REMOVED})
"""Stages after which nothing is awaited; what is missing is left to the next reconciliation."""

TRANSITIONS: Mapping[tuple[Stage, RolloutEvent], Stage] = {
    (Stage.PENDING, RolloutEvent.STARTED): Stage.COMPILING,
    (Stage.PENDING, RolloutEvent.WITHDRAWAL_STARTED): Stage.WITHDRAWING,
    (Stage.PENDING, RolloutEvent.UPDATE_SENT): Stage.UPDATING,
    (Stage.UPDATING, RolloutEvent.HANDED_OVER): Stage.LOADING,
    (Stage.UPDATING, RolloutEvent.UPDATE_REFUSED): Stage.PENDING,
    (Stage.UPDATING, RolloutEvent.REFUSED): Stage.FAILED,
    (Stage.COMPILING, RolloutEvent.HANDED_OVER): Stage.LOADING,
    (Stage.COMPILING, RolloutEvent.REFUSED): Stage.FAILED,
    (Stage.LOADING, RolloutEvent.PRIMARY_SERVES): Stage.AWAITING_CATALOG,
    (Stage.LOADING, RolloutEvent.DOUBTED): Stage.FAILED,
    (Stage.LOADING, RolloutEvent.AHEAD): Stage.FAILED,
    (Stage.LOADING, RolloutEvent.OVERDUE): Stage.FAILED,
    (Stage.LOADING, RolloutEvent.NOT_LOADED): Stage.RESTORING,
    (Stage.RESTORING, RolloutEvent.RESTORED): Stage.FAILED,
    (Stage.AWAITING_CATALOG, RolloutEvent.LISTED): Stage.AWAITING_SECONDARIES,
    (Stage.AWAITING_CATALOG, RolloutEvent.COMPLETE): Stage.LIVE,
    (Stage.AWAITING_CATALOG, RolloutEvent.DOUBTED): Stage.FAILED,
    (Stage.AWAITING_CATALOG, RolloutEvent.AHEAD): Stage.FAILED,
    (Stage.AWAITING_CATALOG, RolloutEvent.OVERDUE): Stage.FAILED,
    (Stage.AWAITING_SECONDARIES, RolloutEvent.COMPLETE): Stage.LIVE,
    (Stage.AWAITING_SECONDARIES, RolloutEvent.DOUBTED): Stage.FAILED,
    (Stage.AWAITING_SECONDARIES, RolloutEvent.AHEAD): Stage.FAILED,
    (Stage.AWAITING_SECONDARIES, RolloutEvent.OVERDUE): Stage.FAILED,
    (Stage.WITHDRAWING, RolloutEvent.WITHDRAWN): Stage.AWAITING_REMOVAL,
    (Stage.WITHDRAWING, RolloutEvent.REFUSED): Stage.FAILED,
    (Stage.AWAITING_REMOVAL, RolloutEvent.COMPLETE): Stage.REMOVED,
    (Stage.AWAITING_REMOVAL, RolloutEvent.OVERDUE): Stage.FAILED,
}
"""The stage that an event leads to. An event that a stage does not name is ignored: it is about former content."""


@dataclass(slots=True)
class Rollout:
    """The rollout of the zone of this name; `requested` is the newest content that has not started, None if it has."""

    name: Name
    stage: Stage = Stage.PENDING
    requested: ZoneStatus | None = None
    needs_file: bool = False
    """True if the next start must publish the zone's file, whatever is requested meanwhile."""

    @property
    def holds_name(self) -> bool:
        """Return True while no other rollout of the name may start."""
        return self.stage in HOLDING

    @property
    def is_over(self) -> bool:
        """Return True if nothing is left to do or to wait for."""
        return self.stage in FINAL

    def request(self, status: ZoneStatus, *, by_file: bool = False) -> None:
        """Accept newer content; it starts when the name is free, by its file if that is required."""
        self.needs_file = self.needs_file or by_file
        self.requested = replace(status, proven=None) if self.needs_file else status
        self._settle()

    def start(self, *, by_update: bool = False) -> ZoneStatus:
        """Start with the requested content, by UPDATE or by its file, and return it."""
        if self.requested is None or self.stage is not Stage.PENDING:
            raise ValueError(f"the zone is {self.stage} and cannot start")
        started, self.requested, self.needs_file = self.requested, None, False
        event = RolloutEvent.UPDATE_SENT if by_update else RolloutEvent.STARTED
        self.advance(RolloutEvent.WITHDRAWAL_STARTED if started.deleted else event)
        return started

    def advance(self, event: RolloutEvent) -> None:
        """Move to the stage that the event leads to, and on to `PENDING` if newer content is requested by then."""
        self.stage = TRANSITIONS.get((self.stage, event), self.stage)
        self._settle()

    def _settle(self) -> None:
        if self.requested is not None and not self.holds_name:
            self.stage = Stage.PENDING
