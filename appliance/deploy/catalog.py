"""The catalog as the nameservers serve it: reading it, and giving the primary one again that it lost.

A catalog that begins anew has the lowest serial: secondaries that still have a later one keep it, and with it
their members, until the primary has taken those over. So a lost or empty primary takes no zone from a secondary.
"""

from __future__ import annotations

import logging

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.deploy.host import Host
from appliance.errors import CommandError
from appliance.questions.soa import Nameserver
from appliance.questions.transfer import axfr
from appliance.render.named_conf import catalog_zone
from appliance.zones.catalog import FILE_UUID, FIRST_SERIAL

log = logging.getLogger(__name__)


def members_of(host: Host, server: Nameserver) -> dict[str, Name] | None:
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


def mend_catalog(host: Host) -> None:
    """Write a catalog without members where the primary has none to load, and let it load it."""
    host.files.stage(FILE_UUID, catalog_zone(host.catalog, FIRST_SERIAL))
    host.files.publish(FILE_UUID)
    host.control.reload(host.catalog)
    log.warning("event=catalog-mended")
