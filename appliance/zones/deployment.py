"""Where the content of a zone has come to: computed from the serial that is wanted and the answers seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.zones.serial import is_later


class State(StrEnum):
    """Of a zone. Live means observed: every nameserver answered with the wanted serial or a later one."""

    PENDING = "pending"
    DEPLOYING = "deploying"
    LIVE = "live"
    FAILED = "failed"


class Answer(StrEnum):
    """Of a nameserver, about one zone."""

    LIVE = "live"
    LAGGING = "lagging"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a nameserver last answered; no serial: it served no such zone, or did not answer.

    `checked_at` is the moment of its last answer, `changed_at` the moment at which `serial` or `state` last changed.
    `answered` is False when it left the last question about the zone unanswered.
    """

    nameserver: str
    serial: int | None
    state: Answer
    checked_at: datetime | None
    changed_at: datetime | None = None
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Deployment:
    """A zone's way to its nameservers. `attempted` is the serial of the deployer's last try, `error` how it ended."""

    serial: int
    attempted: int | None
    live_serial: int | None
    live_at: datetime | None
    queued_at: datetime
    error: str | None
    nameservers: Sequence[Seen]
    removed: bool = False
    deleted: bool = False

    @property
    def state(self) -> State:
        """Pending until the deployer takes the serial up, then deploying until it is live or has failed."""
        if self.deleted:
            return State.LIVE if self.removed else State.PENDING
        if self.live_serial is not None and reaches(self.live_serial, self.serial):
            return State.LIVE
        if self.attempted is None or not reaches(self.attempted, self.serial):
            return State.PENDING
        return State.FAILED if self.error else State.DEPLOYING


def reaches(served: int | None, wanted: int) -> bool:
    """True when a nameserver that answers `served` serves `wanted` or something newer."""
    return served is not None and (served == wanted or is_later(served, wanted))
