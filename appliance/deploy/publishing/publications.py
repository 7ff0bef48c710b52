"""Compare the live zone files with what was last published, so that an altered file is replaced."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from appliance.compiler import lines_of
from appliance.deploy.host import PrimaryHost
from appliance.errors import StoreError
from appliance.render.zone_file import derived_digest, derived_lines, digest_of, has_derived, serial_of
from appliance.store import delegations, deployments
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones.deployment import Publication

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
"""Rows of one transaction."""


Delegated = Mapping[UUID, Sequence[str]]
"""The lines of the delegations of child zones, of zones that may have any."""


def delegations_of(host: PrimaryHost) -> Delegated:
    """Return the delegations of child zones."""
    return {uuid: lines_of(children, host.apex) for uuid, children in delegations.of_all().items()}


@dataclass(frozen=True, slots=True)
class FileChanges:
    """Zones whose live file is not as it was published: the zones to publish again, and those in doubt.

    A zone in doubt has a file that somebody has changed, or that named has written: whether the content is that of the
    store, only a comparison of the whole zone shows.
    """

    altered: frozenset[UUID] = frozenset()
    doubtful: frozenset[UUID] = frozenset()


def find_changes(statuses: Iterable[ZoneStatus], delegated: Delegated, host: PrimaryHost, store: Store) -> FileChanges:
    """Return the zones without a live file, those published with other derived records, and those in doubt.

    Derived records change with the settings, and with an upgrade. Where nothing is stored about it, as after an upgrade
    or a restore, a complete file with the present ones is accepted and stored as what was published. A store that
    refuses writes delays only that.
    """
    altered, doubtful, found = set[UUID](), set[UUID](), []
    digest = functools.cache(lambda lines, signed: derived_digest(host.apex, lines, signed=signed))
    for status in statuses:
        lines = derived_lines(status.name, host.apex, delegated.get(status.uuid, ()))
        expected = digest(tuple(lines), status.signed)
        published = status.published or _read(status, host, lines, expected)
        present = host.files.digest(status.uuid)
        if published is None or published.derived != expected or present is None:
            altered.add(status.uuid)
        elif present != published.digest:
            doubtful.add(status.uuid)
        elif status.published is None:
            found.append((status.uuid, published))
    _store(found, store)
    return FileChanges(frozenset(altered), frozenset(doubtful))


def _read(status: ZoneStatus, host: PrimaryHost, lines: Sequence[str], derived: str) -> Publication | None:
    """Return what the live file itself says, for a zone of which the store does not know what was published."""
    content = host.files.read_live(status.uuid)
    serial = serial_of(content)
    if serial is None or not has_derived(content, status.name, host.apex, lines, signed=status.signed):
        return None
    return Publication(serial, digest_of(content), derived)


def _store(found: list[tuple[UUID, Publication]], store: Store) -> None:
    rest = iter(found)
    try:
        while part := list(islice(rest, MOST_AT_ONCE)):
            with store.writing():
                deployments.store_found_publications(part)
    except StoreError as failed:
        log.warning("event=publications-not-stored reason=%r", str(failed))
