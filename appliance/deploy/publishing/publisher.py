"""How the content of zones reaches the primary, and what a nameserver must then show.

The loop knows the protocol `Publisher` alone. `FilePublisher` replaces zone files; other publishers may be added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.pipeline import Attempt, deploy_zones
from appliance.deploy.publishing.primary_zone import restore_file, withdraw_zone
from appliance.editing import Editor
from appliance.queries.soa import SoaResponse
from appliance.store.file.database import Store
from appliance.zones.deployment import reaches
from appliance.zones.serial import is_ahead


class Expectation(Protocol):
    """What the answer of a nameserver must show to prove that it serves what was published."""

    def is_met_by(self, answer: SoaResponse) -> bool:
        """Return True if the answer is the proof."""
        ...

    def is_ahead(self, answer: SoaResponse) -> bool:
        """Return True if the nameserver serves something later, and would not accept what was published."""
        ...


Expected = Callable[[int | None, Nameserver], Expectation]
"""Returns what that nameserver must show for content of this serial; None means the zone's removal."""


@dataclass(frozen=True, slots=True)
class SerialServed:
    """The nameserver serves this serial or a later one."""

    serial: int

    def is_met_by(self, answer: SoaResponse) -> bool:
        """Return True for this serial or a later one."""
        return reaches(answer.serial, self.serial)

    def is_ahead(self, answer: SoaResponse) -> bool:
        """Return True for a later serial, and for one without order to this one."""
        return answer.serial is not None and is_ahead(answer.serial, self.serial)


@dataclass(frozen=True, slots=True)
class ZoneAbsent:
    """The nameserver has no such zone."""

    def is_met_by(self, answer: SoaResponse) -> bool:
        """Return True if the answer holds no serial."""
        return answer.serial is None

    def is_ahead(self, answer: SoaResponse) -> bool:  # noqa: ARG002 - as the protocol has it
        """Return False: nothing is later than the removal."""
        return False


class Publisher(Protocol):
    """Brings zones to the primary. All methods but `expected` may take long and run in a worker."""

    def publish(self, zones: Sequence[tuple[UUID, Name]]) -> list[Attempt]:
        """Bring the newest content of each zone to the primary; an error is part of its zone's attempt."""
        ...

    def withdraw(self, name: Name) -> None:
        """Remove the zone of that name from the primary; raise CommandError if that fails."""
        ...

    def restore(self, uuid: UUID, name: Name) -> None:
        """Restore on the primary what it served before a content that it did not load."""
        ...

    def expected(self, serial: int | None, nameserver: Nameserver) -> Expectation:
        """Return what that nameserver must show for content of this serial; None means the removal."""
        ...


@dataclass(frozen=True, slots=True)
class FilePublisher:
    """Publishes zone files. `editor` raises serials over those of other content, and keeps zones signed."""

    host: PrimaryHost
    store: Store
    editor: Editor

    def publish(self, zones: Sequence[tuple[UUID, Name]]) -> list[Attempt]:
        """Compile, check and replace the files of these zones, and reload them."""
        return deploy_zones(zones, self.host, self.store, self.editor)

    def withdraw(self, name: Name) -> None:
        """Remove the zone from the primary; its files stay."""
        withdraw_zone(name, self.host)

    def restore(self, uuid: UUID, name: Name) -> None:
        """Restore the former content of the zone's file."""
        restore_file(uuid, name, self.host)

    def expected(self, serial: int | None, nameserver: Nameserver) -> Expectation:  # noqa: ARG002 - the same for all
        """Return the serial in the file, which every nameserver must reach."""
        return ZoneAbsent() if serial is None else SerialServed(serial)
