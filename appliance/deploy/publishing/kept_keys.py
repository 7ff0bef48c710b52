"""The DNSSEC keys of zones that are not signed any longer: kept for a while, for the same zone or its successor.

After DNSSEC was turned off, or a zone deleted, its keys stay for as long as a deleted zone can be restored. A zone that
the same account creates again under its name gets them: the parent may still have the DS.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from dns.name import Name

from appliance.deploy.host import PrimaryHost
from appliance.editing import RESERVATION
from appliance.store import former_keys, zones
from appliance.store.file.database import Store
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)


def take_former_keys(uuid: UUID, host: PrimaryHost, store: Store) -> None:
    """Give a zone that has no keys those of the last deleted zone of its name and account that has some."""
    if host.files.has_any_key(uuid):
        return
    with store.reading():
        zone = zones.get_any(uuid)
        former = former_keys.former_zones(zone)
    for one in former:
        if host.files.has_any_key(one):
            with store.writing():
                former_keys.forget(one)
            host.files.move_keys(one, uuid)
            log.info("event=keys-taken zone=%s from=%s", print_domain(zone.name), one)
            return


def forget_lost_keys(uuid: UUID, name: Name, store: Store) -> None:
    """Forget the keys of a zone whose files are lost, so that it gets others.

    Call it only for a zone that the primary serves unsigned: the parent has no DS of these keys.
    """
    with store.writing():
        former_keys.forget(uuid)
    log.warning("event=keys-forgotten zone=%s", print_domain(name))


def remove_old_keys(host: PrimaryHost, store: Store, now: datetime) -> None:
    """Remove the keys of zones that were unsigned or deleted long ago; those of unknown zones stay.

    The store forgets them before: a zone that is signed again meanwhile uses what is there.
    """
    with store.reading():
        unneeded = former_keys.unneeded(host.files.zones_with_keys(), now - RESERVATION)
    for uuid in unneeded:
        with store.writing():
            if former_keys.unneeded([uuid], now - RESERVATION):
                former_keys.forget(uuid)
        with store.writing():
            if former_keys.unneeded([uuid], now - RESERVATION):
                host.files.remove_keys(uuid)
                log.info("event=keys-removed zone=%s", uuid)
