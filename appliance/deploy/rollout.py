"""The way of one zone to its nameservers: a few named stages, and what leads from each to the next.

A rollout knows nothing of files, threads and answers: others say what happened, and `advance` says where that leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from dns.name import Name

from appliance.store.deployments import ZoneStatus


class Stage(StrEnum):
    """Where a zone is on its way."""

    PENDING = "pending"
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
    """What may happen to a zone on its way."""

    STARTED = auto()
    WITHDRAWAL_STARTED = auto()
    HANDED_OVER = auto()
    """The primary has the new content, and has not shown that it serves it."""
    REFUSED = auto()
    """The work ended with an error."""
    PRIMARY_SERVES = auto()
    LISTED = auto()
    """The catalog lists the zone."""
    COMPLETE = auto()
    """Every nameserver answered as expected."""
    AHEAD = auto()
    """A nameserver serves a later serial than the one expected."""
    OVERDUE = auto()
    NOT_LOADED = auto()
    """The primary answers, and with other content than it was given in time."""
    RESTORED = auto()
    """The former content is the primary's again, or could not be made so."""
    WITHDRAWN = auto()
    """The primary has forgotten the zone."""


HOLDING = frozenset({Stage.COMPILING, Stage.LOADING, Stage.RESTORING, Stage.WITHDRAWING})
"""Stages in which a second rollout of the same name must wait: a reload that meets a running load is lost."""
FINAL = frozenset({Stage.LIVE, Stage.FAILED, Stage.REMOVED})
"""Stages after which nothing is awaited; what is missing is left to the next reconciliation."""

TRANSITIONS: Mapping[tuple[Stage, RolloutEvent], Stage] = {
    (Stage.PENDING, RolloutEvent.STARTED): Stage.COMPILING,
    (Stage.PENDING, RolloutEvent.WITHDRAWAL_STARTED): Stage.WITHDRAWING,
    (Stage.COMPILING, RolloutEvent.HANDED_OVER): Stage.LOADING,
    (Stage.COMPILING, RolloutEvent.REFUSED): Stage.FAILED,
    (Stage.LOADING, RolloutEvent.PRIMARY_SERVES): Stage.AWAITING_CATALOG,
    (Stage.LOADING, RolloutEvent.AHEAD): Stage.FAILED,
    (Stage.LOADING, RolloutEvent.OVERDUE): Stage.FAILED,
    (Stage.LOADING, RolloutEvent.NOT_LOADED): Stage.RESTORING,
    (Stage.RESTORING, RolloutEvent.RESTORED): Stage.FAILED,
    (Stage.AWAITING_CATALOG, RolloutEvent.LISTED): Stage.AWAITING_SECONDARIES,
    (Stage.AWAITING_CATALOG, RolloutEvent.COMPLETE): Stage.LIVE,
    (Stage.AWAITING_CATALOG, RolloutEvent.AHEAD): Stage.FAILED,
    (Stage.AWAITING_CATALOG, RolloutEvent.OVERDUE): Stage.FAILED,
    (Stage.AWAITING_SECONDARIES, RolloutEvent.COMPLETE): Stage.LIVE,
    (Stage.AWAITING_SECONDARIES, RolloutEvent.AHEAD): Stage.FAILED,
    (Stage.AWAITING_SECONDARIES, RolloutEvent.OVERDUE): Stage.FAILED,
    (Stage.WITHDRAWING, RolloutEvent.WITHDRAWN): Stage.AWAITING_REMOVAL,
    (Stage.WITHDRAWING, RolloutEvent.REFUSED): Stage.FAILED,
    (Stage.AWAITING_REMOVAL, RolloutEvent.COMPLETE): Stage.REMOVED,
    (Stage.AWAITING_REMOVAL, RolloutEvent.OVERDUE): Stage.FAILED,
}
"""Where an event leads. One that a stage does not name changes nothing: it is about an earlier content of the zone."""


@dataclass(slots=True)
class Rollout:
    """The way of the zone of that name. `wanted` is the newest content that has not started yet, None when it has."""

    name: Name
    stage: Stage = Stage.PENDING
    wanted: ZoneStatus | None = None

    @property
    def holds_name(self) -> bool:
        """True while no other rollout of the name may start."""
        return self.stage in HOLDING

    @property
    def is_over(self) -> bool:
        """True when nothing is left to do or to wait for."""
        return self.stage in FINAL

    def want(self, standing: ZoneStatus) -> None:
        """Accept newer content; it starts when the name is free."""
        self.wanted = standing
        self._settle()

    def start(self) -> ZoneStatus:
        """Begin with the content that is wanted, and return it."""
        if self.wanted is None or self.stage is not Stage.PENDING:
            raise ValueError(f"the zone is {self.stage} and cannot start")
        started, self.wanted = self.wanted, None
        self.advance(RolloutEvent.WITHDRAWAL_STARTED if started.deleted else RolloutEvent.STARTED)
        return started

    def advance(self, event: RolloutEvent) -> None:
        """Go to the stage that the event leads to, and on to `PENDING` when newer content is wanted by then."""
        self.stage = TRANSITIONS.get((self.stage, event), self.stage)
        self._settle()

    def _settle(self) -> None:
        if self.wanted is not None and not self.holds_name:
            self.stage = Stage.PENDING
