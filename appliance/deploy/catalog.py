"""The catalog zone as the nameservers serve it: read its members, send updates, replace a lost one.

A new catalog begins at the lowest serial. Secondaries that have a later one keep it, and with it their members, until
the primary has adopted them. So a primary that lost its catalog removes no zone from a secondary.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.deploy.catalog_members import CatalogUpdate
from appliance.deploy.host import PrimaryHost
from appliance.deploy.verification.reachability import SILENT_AFTER
from appliance.errors import CommandError, CommandFailed
from appliance.nameserver.notify_sender import NotifySender
from appliance.queries.bulk import query_all
from appliance.queries.soa import SoaResponse
from appliance.queries.transfer_connection import TransferConnection
from appliance.queries.wire_transfer import transfer_records
from appliance.render.named_conf import catalog_zone
from appliance.zones.catalog import FILE_UUID, FIRST_SERIAL
from appliance.zones.delta import WireRecord
from appliance.zones.deployment import reaches
from appliance.zones.serial import is_ahead

log = logging.getLogger(__name__)

ABSENCE_PATIENCE = 2.0
"""Seconds in which secondaries drop a removed member; after that the join is left to the next update."""
LOAD_PATIENCE, LOAD_INTERVAL = 10.0, 0.1
"""Seconds in which a starting primary must load the catalog in its file, and seconds between two checks."""
ABSENCE_TIMEOUT, ABSENCE_INTERVAL = 0.2, 0.005
"""Seconds that one query waits for its answer, and seconds between two queries."""


def members_of(host: PrimaryHost, server: Nameserver) -> dict[str, Name] | None:
    """Return the catalog's members on that nameserver, by label; None if the transfer fails."""
    connection = TransferConnection(server.endpoint, host.transfer_key, partial(datetime.now, UTC))
    try:
        with closing(connection):
            return dict(map(_member, filter(_is_member, transfer_records(connection, host.catalog))))
    except CommandError as error:
        log.warning("event=catalog-unread nameserver=%s reason=%r", server.name, str(error))
        return None


def complete_members_of(host: PrimaryHost) -> dict[str, Name] | None:
    """Return the catalog's members on the primary; None if the transfer fails, or if a secondary has a later catalog.

    That one may list zones that the primary's lacks, as after a restore, and drops them when the primary's is later.
    """
    answers = query_all([(one, host.catalog) for one in host.nameservers], timeout=ABSENCE_TIMEOUT, retries=0)
    serials = {server: answer.serial for (server, _), answer in answers.items() if answer}
    own = serials.pop(host.primary, None)
    if own is None or any(other is not None and is_ahead(other, own) for other in serials.values()):
        return None
    return members_of(host, host.primary)


def _is_member(record: WireRecord) -> bool:
    return record.rdtype == RdataType.PTR


def _member(record: WireRecord) -> tuple[str, Name]:
    """Return the label and the zone of a member's PTR record."""
    return record.owner[1 : 1 + record.owner[0]].decode(), dns.name.from_wire(record.rdata, 0)[0]


def send_update(update: CatalogUpdate, host: PrimaryHost, notifies: NotifySender) -> frozenset[Name]:
    """Send the update and return the names of `rejoin` that did not join yet.

    These are names for which a secondary still serves the former member. Those in `overdue` join nevertheless.
    Raise CommandError if the primary refuses the update.
    """
    if update.remove or update.add or update.serial is not None:
        host.updates.change(update.remove, update.add, update.serial)
    if not update.rejoin:
        return frozenset()
    waiting = _await_absence(host, notifies, set(update.rejoin.values())) - update.overdue
    absent = {label: name for label, name in update.rejoin.items() if name not in waiting}
    if absent:
        host.updates.change((), absent)
    return frozenset(waiting)


def _await_absence(host: PrimaryHost, notifies: NotifySender, names: set[Name]) -> set[Name]:
    """Wait until the secondaries have dropped these names; return those that one still serves after the patience.

    An absent zone proves nothing before the secondary has the primary's present catalog: it may be about to add the
    former member. A query without an answer proves nothing either. A secondary that answers nothing at all for
    `SILENT_AFTER` is ignored.
    """
    began, target = time.monotonic(), None
    answering: set[Nameserver] = set()
    behind = set(host.secondaries)
    pending = {(server, name) for server in host.secondaries for name in names}
    while pending:
        queries = [(server, host.catalog) for server in behind]
        queries += [query for query in pending if query[0] not in behind]
        if target is None:
            queries.append((host.primary, host.catalog))
        answers = query_all(queries, timeout=ABSENCE_TIMEOUT, retries=0)
        answering |= {server for (server, _), answer in answers.items() if answer}
        pending = {query for query in pending if (answer := answers.get(query)) is None or answer.serial is not None}
        behind = {server for server in behind if not _has_reached(answers.get((server, host.catalog)), target)}
        primary = answers.get((host.primary, host.catalog))
        target = primary.serial if primary else target
        elapsed = time.monotonic() - began
        if elapsed > SILENT_AFTER:
            pending = {query for query in pending if query[0] in answering}
        if elapsed > ABSENCE_PATIENCE:
            notifies.send(host.catalog, behind & {server for server, _ in pending})  # one of named may have been lost
            break
        time.sleep(ABSENCE_INTERVAL if pending else 0)
    return {name for _, name in pending}


def _has_reached(answer: SoaResponse | None, target: int | None) -> bool:
    return answer is not None and target is not None and reaches(answer.serial, target)


def repair_catalog(
    host: PrimaryHost,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Write a catalog without members for a primary that has none, and reload it; do nothing if it loads its own.

    Raise CommandError if named.conf names no such zone: then the file is that of another catalog.
    """
    if host.control.show_zone(host.catalog) is None:
        reason = "the catalog zone in named.conf is not that of the setting dns.catalog"
        raise CommandFailed(("catalog", str(host.catalog)), reason)
    if _loads_catalog(host, monotonic, sleep):
        return
    host.files.stage(FILE_UUID, catalog_zone(host.catalog, FIRST_SERIAL))
    host.files.publish(FILE_UUID)
    host.control.reload(host.catalog)
    log.warning("event=catalog-repaired")


def _loads_catalog(host: PrimaryHost, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> bool:
    """Return True once the primary has a catalog: while it starts, it may answer before it has loaded its file."""
    deadline = monotonic() + LOAD_PATIENCE
    while (state := host.control.zone_state(host.catalog)) is None or state.serial is None:
        head = host.files.head(FILE_UUID)
        if head is None or head.name != host.catalog or monotonic() >= deadline:
            return False
        sleep(LOAD_INTERVAL)
    return True
