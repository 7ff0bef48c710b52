"""The deployment of a zone: its state, computed from the desired serial and the observed responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.zones.ownership import Hold
from appliance.zones.serial import is_later


class DeploymentState(StrEnum):
    """The state of a zone. Live: every nameserver answers with the desired serial or a later one."""

    PENDING = "pending"
    DEPLOYING = "deploying"
    LIVE = "live"
    FAILED = "failed"


class NameserverState(StrEnum):
    """The state of a nameserver with regard to one zone."""

    LIVE = "live"
    LAGGING = "lagging"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Observation:
    """The last response of a nameserver about a zone; `serial` is None if it did not serve the zone or not respond.

    `checked_at` is the time of its last response, `changed_at` the time at which `serial` or `state` last changed.
    `answered` is False if there was no response to the last query.
    """

    nameserver: str
    serial: int | None
    state: NameserverState
    checked_at: datetime | None
    changed_at: datetime | None = None
    answered: bool = True


class Method(StrEnum):
    """The method by which content is published to the primary."""

    FILE = "file"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Publication:
    """The zone file that was last published to the primary.

    `serial` is that of the content; a nameserver that signs the zone may serve another. `digest` is the SHA-256 of the
    zone file, `derived` the digest of what the appliance derives in it: its apex, and delegations of child zones.
    `method` is UPDATE if later content was published by UPDATE since; the rest stays that of the file.
    """

    serial: int
    digest: str
    derived: str
    method: Method = Method.FILE


@dataclass(frozen=True, slots=True)
class Deployment:
    """The deployment of a zone. `attempted` is the serial of the last attempt, `error` why that failed.

    A zone with a `hold` is not published; `error` then says what is awaited.
    """

    serial: int
    attempted: int | None
    live_serial: int | None
    live_at: datetime | None
    queued_at: datetime
    error: str | None
    nameservers: Sequence[Observation]
    removed: bool = False
    deleted: bool = False
    hold: Hold | None = None

    @property
    def missing(self) -> list[Observation]:
        """Return the observations of nameservers that do not serve the zone as expected, without any never queried."""
        return [one for one in self.nameservers if one.state is not NameserverState.LIVE and one.changed_at]

    @property
    def state(self) -> DeploymentState:
        """Return the state: pending until the first attempt with this serial, then deploying until live or failed.

        A zone that was live is no longer so while a nameserver refuses it or answers nothing.
        """
        if self.deleted:
            return DeploymentState.LIVE if self.removed else DeploymentState.PENDING
        if reaches(self.live_serial, self.serial) and not self.missing:
            return DeploymentState.LIVE
        if not reaches(self.attempted, self.serial):
            return DeploymentState.PENDING
        return DeploymentState.FAILED if self.error else DeploymentState.DEPLOYING


def reaches(served: int | None, desired: int) -> bool:
    """Return whether the serial `served` is `desired` or a later one."""
    return served is not None and (served == desired or is_later(served, desired))
