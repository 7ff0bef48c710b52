"""Where the content of a zone has come to: computed from the serial that is wanted and the answers seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.zones.serial import is_later


class DeploymentState(StrEnum):
    """Of a zone. Live means observed: every nameserver answered with the wanted serial or a later one."""

    PENDING = "pending"
    DEPLOYING = "deploying"
    LIVE = "live"
    FAILED = "failed"


class NameserverState(StrEnum):
    """Of a nameserver, about one zone."""

    LIVE = "live"
    LAGGING = "lagging"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Observation:
    """What a nameserver last answered; no serial: it served no such zone, or did not answer.

    `checked_at` is the moment of its last answer, `changed_at` the moment at which `serial` or `state` last changed.
    `answered` is False when it left the last question about the zone unanswered.
    """

    nameserver: str
    serial: int | None
    state: NameserverState
    checked_at: datetime | None
    changed_at: datetime | None = None
    answered: bool = True


class Method(StrEnum):
    """How content reached the primary."""

    FILE = "file"


@dataclass(frozen=True, slots=True)
class Publication:
    """The content that the primary was last given.

    `serial` is the content's own; a nameserver may show another one where it signs. `digest` is the SHA-256 of what was
    written, `apex` that of the settings that went into it.
    """

    serial: int
    digest: str
    apex: str
    method: Method = Method.FILE


@dataclass(frozen=True, slots=True)
class Deployment:
    """A zone's way to its nameservers. `attempted` is the serial of the deployer's last try, `error` how it ended."""

    serial: int
    attempted: int | None
    live_serial: int | None
    live_at: datetime | None
    queued_at: datetime
    error: str | None
    nameservers: Sequence[Observation]
    removed: bool = False
    deleted: bool = False

    @property
    def state(self) -> DeploymentState:
        """Pending until the deployer takes the serial up, then deploying until it is live or has failed."""
        if self.deleted:
            return DeploymentState.LIVE if self.removed else DeploymentState.PENDING
        if reaches(self.live_serial, self.serial):
            return DeploymentState.LIVE
        if not reaches(self.attempted, self.serial):
            return DeploymentState.PENDING
        return DeploymentState.FAILED if self.error else DeploymentState.DEPLOYING


def reaches(served: int | None, wanted: int) -> bool:
    """True when a nameserver that answers `served` serves `wanted` or something newer."""
    return served is not None and (served == wanted or is_later(served, wanted))
