"""Refresh zone files after publications by UPDATE, so that they have what is served; all of this runs in a worker.

A file is compiled and checked while the zone may change. It replaces the live file only while the primary serves its
serial, so that file and journal together are never older than what was served.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from dns.name import Name

from appliance.compiler import compile_zone
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.primary_zone import await_file
from appliance.errors import ApplianceError, CommandError, PublishFailed
from appliance.queries.bulk import query_all
from appliance.render.zone_file import digest_of
from appliance.store import zones
from appliance.store.file.database import Store
from appliance.zones.deployment import Publication
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

LARGEST_JOURNAL = 16 * 2**20
"""Octets of a journal from which on it is removed once the file has the serial that is served."""
PREPARE_SECONDS = 0.2
"""Seconds after which a batch accepts no further zone."""
ANSWER_TIMEOUT = 1.0
"""Seconds to wait for the primary's answer."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """The next file of a zone, staged: its content, or why there is none; neither if the zone is deleted."""

    uuid: UUID
    name: Name
    published: Publication | None = None
    error: str | None = None
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """What became of a refresh: `is_done` if the live file has its content; without an `error` the zone has changed."""

    refresh: Refresh
    is_done: bool = False
    error: str | None = None


def prepare(
    batch: Sequence[tuple[UUID, Name]], host: PrimaryHost, store: Store, monotonic: Callable[[], float]
) -> list[Refresh]:
    """Stage and check the files of the first zones of the batch, as many as take `PREPARE_SECONDS`, at least one.

    Let named write its own files of these zones now: what it writes later would replace the refreshed ones.
    """
    end, staged = monotonic() + PREPARE_SECONDS, list[Refresh]()
    for uuid, name in batch:
        staged.append(_stage(uuid, name, host, store))
        if monotonic() >= end:
            break
    return [_settled(one, host) for one in _checked(staged, host)]


def replace(refreshes: Sequence[Refresh], host: PrimaryHost) -> list[Replaced]:
    """Replace the live files of those zones that the primary serves at the serial of the file."""
    serials = _served(refreshes, host)
    results = [_replace(one, host, serials.get(one.name)) for one in refreshes]
    try:
        _make_durable([one.refresh.uuid for one in results if one.is_done], host)
    except PublishFailed as failed:
        return [Replaced(one.refresh, error=str(failed)) if one.is_done else one for one in results]
    return results


def _stage(uuid: UUID, name: Name, host: PrimaryHost, store: Store) -> Refresh:
    try:
        with store.reading():
            zone = zones.get_any(uuid)
            if zone.deleted_at:
                return Refresh(uuid, name)
            compiled = compile_zone(zone, host.apex)
        host.files.stage_refresh(uuid, compiled.content)
    except ApplianceError as failed:
        return _refused(Refresh(uuid, name), str(failed), host)
    except Exception as failed:  # rows that are not valid may raise anything, and must keep no other file behind
        log.exception("event=worker-broke zone=%s", print_domain(name))
        return Refresh(uuid, name, error=f"internal error: {failed!r}")
    published = Publication(zone.serial, digest_of(compiled.content), compiled.derived)
    return Refresh(uuid, name, published, signed=zone.signed)


def _checked(staged: Sequence[Refresh], host: PrimaryHost) -> list[Refresh]:
    """Let BIND's checker check what was staged; discard what it refuses."""
    paths = {one.name: host.files.refresh_path(one.uuid) for one in staged if one.published}
    try:
        refusals = host.checker.check(paths) if paths else {}
    except CommandError as failed:
        refusals = dict.fromkeys(paths, str(failed))
    return [_refused(one, refusals[one.name], host) if one.name in refusals else one for one in staged]


def _settled(one: Refresh, host: PrimaryHost) -> Refresh:
    """Let named write the zone, if it serves what is staged; then it has nothing left to write."""
    try:
        if one.published and _served([one], host).get(one.name) == one.published.serial:
            host.control.sync(one.name)
            await_file(one.uuid, one.name, one.published.serial, host)
    except CommandError as failed:
        return _refused(one, str(failed), host)
    return one


def _replace(one: Refresh, host: PrimaryHost, served: int | None) -> Replaced:
    """Replace the live file if it then has the serial that is served."""
    try:
        if one.published is None or served != one.published.serial:
            host.files.discard_refresh(one.uuid)
            return Replaced(one)
        host.files.refresh(one.uuid)
    except PublishFailed as failed:
        return Replaced(one, error=str(failed))
    return Replaced(one, is_done=True)


def _make_durable(replaced: Sequence[UUID], host: PrimaryHost) -> None:
    """Flush the directory once for all, whose changes wait meanwhile; then no long journal of them is necessary."""
    if replaced:
        host.files.flush()
    for uuid in replaced:
        if host.files.journal_size(uuid) > LARGEST_JOURNAL:
            host.files.remove_journal(uuid)


def _served(refreshes: Iterable[Refresh], host: PrimaryHost) -> dict[Name, int | None]:
    queries, signed = [(host.primary, one.name) for one in refreshes], {one.name for one in refreshes if one.signed}
    answers = query_all(queries, timeout=ANSWER_TIMEOUT, signed=signed)
    return {name: answer.serial for (_, name), answer in answers.items() if answer}


def _refused(one: Refresh, reason: str, host: PrimaryHost) -> Refresh:
    with suppress(PublishFailed):
        host.files.discard_refresh(one.uuid)
    return Refresh(one.uuid, one.name, error=reason)
