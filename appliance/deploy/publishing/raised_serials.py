"""Raise the serials of zones that are served with other content than the store's, and deploy them.

A nameserver accepts no other content under a serial that it has, and nothing under an earlier one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dns.name import Name

from appliance.deploy.context import DeployerContext
from appliance.deploy.worker_pool import Worker
from appliance.editing import Editor
from appliance.errors import ApplianceError
from appliance.store import deployments, zones
from appliance.store.deployments import ZoneStatus
from appliance.store.faults import Fault
from appliance.zones.names import print_domain
from appliance.zones.serial import is_ahead

log = logging.getLogger(__name__)

REPORTED_FOR = 3600.0
"""Seconds for which it is a problem that a zone was served with other content."""
MOST_FAULTS = 20
"""Zones that are reported by name."""


@dataclass(slots=True)
class RaisedSerials:
    """Raises serials in a worker; `running` is the number of jobs that have not ended."""

    context: DeployerContext
    running: int = 0
    _faults: dict[UUID, tuple[float, Fault]] = field(default_factory=dict)

    @property
    def faults(self) -> list[Fault]:
        """Return which zones were served with other content in the last hour, some by name."""
        since = self.context.monotonic() - REPORTED_FOR
        self._faults = {uuid: found for uuid, found in self._faults.items() if found[0] >= since}
        return [fault for _, fault in self._faults.values()][:MOST_FAULTS]

    def report(self, uuid: UUID, name: Name, server: str) -> None:
        """Report for an hour that the zone was served with other content."""
        self._faults[uuid] = self.context.monotonic(), content_fault(name, server)

    def start(self, pairs: Sequence[tuple[ZoneStatus, int]]) -> None:
        """Raise each zone over the serial that is served with other content, then publish its file."""
        if pairs:
            self._start(lambda: _raise_over(pairs, self.context.editor))

    def start_over_present(self, uuid: UUID, served: int | None) -> None:
        """Raise the zone over its present serial, which may be served with other content, and over that served."""
        self._start(lambda: _raise_over_present(uuid, served, self.context.editor))

    def _start(self, job: Callable[[], list[UUID]]) -> None:
        self.running += 1

        def done(raised: list[UUID]) -> None:
            self.running -= 1
            for status in deployments.statuses(raised):  # read again: one may be deleted by now
                if not status.deleted:
                    self.context.recorder.proven(status.uuid, None)  # in place of a proof that is not stored yet
                    self.context.zones.request(status, by_file=True)

        def failed(error: ApplianceError) -> None:
            self.running -= 1
            log.warning("event=serials-not-raised reason=%r", str(error))
            self.context.schedule.retry_soon()

        self.context.workers.start(job, done, failed, Worker.RECONCILIATION)


def content_fault(name: Name, servers: str) -> Fault:
    """Return the fault of a zone that these nameservers served with other content than the store's."""
    zone = print_domain(name)
    text = f"zone {zone} was served by {servers} with other content than the database has"
    remedy = "it is published again; find out who edits zone files or updates zones at the nameserver"
    return Fault(f"content of {zone}", text, remedy)


def _raise_over(pairs: Iterable[tuple[ZoneStatus, int]], editor: Editor) -> list[UUID]:
    """Raise each zone over the serial served unless it has changed since; return those raised. Runs in a worker."""
    raised = []
    for status, served in pairs:
        zone = zones.get_any(status.uuid)
        if zone.deleted_at or (zone.serial != status.serial and not is_ahead(served, zone.serial)):
            continue
        serial = editor.raise_serial(status.uuid, served).serial
        if served != status.serial:
            name = print_domain(status.name)
            log.warning("event=serial-raised zone=%s served=%d serial=%d", name, served, serial)
        raised.append(status.uuid)
    return raised


def _raise_over_present(uuid: UUID, served: int | None, editor: Editor) -> list[UUID]:
    """Raise the zone over its present serial, and over the serial served; runs in a worker."""
    zone = zones.get_any(uuid)
    if zone.deleted_at:
        return []
    raised = editor.raise_serial(uuid, zone.serial)
    if served is not None and is_ahead(served, raised.serial):
        raised = editor.raise_serial(uuid, served)
    name = print_domain(zone.name)
    log.warning("event=serial-raised zone=%s served=%s serial=%d", name, served, raised.serial)
    return [uuid]
