"""Compare the live zone files with what was last published, so that an altered file is replaced."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from appliance.deploy.host import PrimaryHost
from appliance.errors import StoreError
from appliance.render.zone_file import derived_digest, digest_of, has_apex, own_lines, serial_of
from appliance.store import deployments
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones.deployment import Publication

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
"""Rows of one transaction."""


def find_altered(statuses: Iterable[ZoneStatus], host: PrimaryHost, store: Store) -> frozenset[UUID]:
    """Return the zones whose live file differs from what was published, or was published with other apex settings.

    Where nothing is stored about it, as after an upgrade or a restore, a complete file with the present apex is
    accepted and stored as what was published. A store that refuses writes delays only that.
    """
    altered, found = set(), []
    digest = functools.cache(lambda derived: derived_digest(host.apex, derived))
    for status in statuses:
        apex = digest(tuple(own_lines(status.name, host.apex)))
        published = status.published or _read(status, host, apex)
        if published is None or published.apex != apex or host.files.digest(status.uuid) != published.digest:
            altered.add(status.uuid)
        elif status.published is None:
            found.append((status.uuid, published))
    _store(found, store)
    return frozenset(altered)


def _read(status: ZoneStatus, host: PrimaryHost, apex: str) -> Publication | None:
    """Return what the live file itself says, for a zone of which the store does not know what was published."""
    content = host.files.read_live(status.uuid)
    serial = serial_of(content)
    if serial is None or not has_apex(content, status.name, host.apex):
        return None
    return Publication(serial, digest_of(content), apex)


def _store(found: list[tuple[UUID, Publication]], store: Store) -> None:
    rest = iter(found)
    try:
        while part := list(islice(rest, MOST_AT_ONCE)):
            with store.writing():
                deployments.store_found_publications(part)
    except StoreError as failed:
        log.warning("event=publications-not-stored reason=%r", str(failed))
