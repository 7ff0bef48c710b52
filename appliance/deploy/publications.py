"""The live files beside what the store says was last published: a file that is not as it was published is replaced."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from appliance.deploy.host import PrimaryHost
from appliance.errors import StoreError
from appliance.render.zone_file import apex_digest, digest_of, has_apex, serial_of
from appliance.store import deployments
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones.deployment import Publication

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
"""Rows of one transaction."""


def find_touched(standings: Iterable[ZoneStatus], host: PrimaryHost, store: Store) -> frozenset[UUID]:
    """Return the zones whose live file is not as it was published, or was published under other settings of the apex.

    Where nothing is stored about it, as after an upgrade or a restore, a whole file with the present apex is accepted,
    and stored as what was published. A store that accepts no writes delays that alone.
    """
    apex, touched, found = apex_digest(host.apex), set(), []
    for standing in standings:
        published = standing.published or _read(standing, host, apex)
        if published is None or published.apex != apex or host.files.digest(standing.uuid) != published.digest:
            touched.add(standing.uuid)
        elif standing.published is None:
            found.append((standing.uuid, published))
    _store(found, store)
    return frozenset(touched)


def _read(standing: ZoneStatus, host: PrimaryHost, apex: str) -> Publication | None:
    """What the live file itself says, of a zone of which the store says nothing."""
    content = host.files.read_live(standing.uuid)
    serial = serial_of(content)
    if serial is None or not has_apex(content, standing.name, host.apex):
        return None
    return Publication(serial, digest_of(content), apex)


def _store(found: list[tuple[UUID, Publication]], store: Store) -> None:
    rest = iter(found)
    try:
        while part := list(islice(rest, MOST_AT_ONCE)):
            with store.writing():
                deployments.note_found(part)
    except StoreError as failed:
        log.warning("event=publications-not-stored reason=%r", str(failed))
