"""The catalog as the nameservers serve it: reading it, and giving the primary one again that it lost.

A catalog that begins anew has the lowest serial: secondaries that still have a later one keep it, and with it
their members, until the primary has taken those over. So a lost or empty primary takes no zone from a secondary.
"""

from __future__ import annotations

import logging
import time

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.deploy.catalog_members import CatalogUpdate
from appliance.deploy.host import PrimaryHost
from appliance.errors import CommandError
from appliance.queries.bulk import query_all
from appliance.queries.transfer import axfr
from appliance.render.named_conf import catalog_zone
from appliance.zones.catalog import FILE_UUID, FIRST_SERIAL

log = logging.getLogger(__name__)

GONE_PATIENCE = 2.0
"""Seconds in which secondaries drop a member that has left."""
GONE_TIMEOUT, GONE_INTERVAL = 0.2, 0.005


def members_of(host: PrimaryHost, server: Nameserver) -> dict[str, Name] | None:
    """The members of the catalog as that nameserver serves it, by label; None when it gives none."""
    try:
        rows = axfr(server, host.catalog, host.transfer_key)
    except CommandError as error:
        log.warning("event=catalog-unread nameserver=%s reason=%r", server.name, str(error))
        return None
    return {
        row.owner.labels[0].decode(): row.rdata.target  # type: ignore[attr-defined]
        for row in rows
        if row.rdtype == RdataType.PTR
    }


def send_update(update: CatalogUpdate, host: PrimaryHost) -> None:
    """Send the update; zones that join under a name that another left follow when no secondary answers for that one."""
    host.updates.change(update.remove, update.add, update.serial)
    if update.again:
        _wait_until_gone(host, set(update.again.values()))
        host.updates.change((), update.again)


def _wait_until_gone(host: PrimaryHost, names: set[Name]) -> None:
    """Until no secondary that answers serves any of the names, for `GONE_PATIENCE` at most."""
    ends = time.monotonic() + GONE_PATIENCE
    questions = [(server, name) for server in host.secondaries for name in names]
    while time.monotonic() < ends:
        answers = query_all(questions, timeout=GONE_TIMEOUT, retries=0).values()
        if all(answer is None or answer.serial is None for answer in answers):
            return
        time.sleep(GONE_INTERVAL)


def repair_catalog(host: PrimaryHost) -> None:
    """Write a catalog without members where the primary has none to load, and let it load it."""
    host.files.stage(FILE_UUID, catalog_zone(host.catalog, FIRST_SERIAL))
    host.files.publish(FILE_UUID)
    host.control.reload(host.catalog)
    log.warning("event=catalog-repaired")
