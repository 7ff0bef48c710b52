"""Compile, stage, check, publish and reload a batch of zones.

A broken zone never stops the others: each failure is caught at its own zone and becomes the error of its attempt.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from dns.name import Name

from appliance.compiler import compile_zone
from appliance.deploy.host import PrimaryHost
from appliance.errors import ApplianceError, CheckFailed, CommandError, CompileFailed, DeployError, ReloadFailed
from appliance.render.named_conf import catalog_zone
from appliance.render.zone_file import digest_of, serial_of
from appliance.store import deployments, zones
from appliance.store.file.database import Store
from appliance.zones.catalog import FIRST_SERIAL, member_label
from appliance.zones.deployment import Publication
from appliance.zones.names import print_domain
from appliance.zones.serial import is_later

log = logging.getLogger(__name__)

KEPT_AFTER_REMOVAL = timedelta(days=1)
"""How long the files of a zone are kept after its removal."""

_FILE = re.compile(r'file "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result for one zone: this serial was handed to the primary, or `error` says at which step it failed.

    `published` is the content that reached the primary, None if the primary still has the former one.
    """

    uuid: UUID
    name: Name
    serial: int
    error: str | None = None
    published: Publication | None = None


RaiseSerial = Callable[[UUID, int], object]


@dataclass(slots=True)
class _Candidate:
    uuid: UUID
    name: Name
    serial: int = 0
    staged: Path | None = None
    digest: str = ""
    derived: str = ""
    published: Publication | None = None
    error: DeployError | None = None


def deploy_zones(
    batch: Iterable[tuple[UUID, Name]], host: PrimaryHost, store: Store, raise_serial: RaiseSerial
) -> list[Attempt]:
    """Bring the newest content of each zone of the batch to the primary, without waiting until it is served.

    `raise_serial` raises a zone's serial over one that was published with another content.
    """
    began = time.monotonic()
    candidates = [_Candidate(uuid, name) for uuid, name in batch]
    for candidate in candidates:
        with _caught(candidate):
            _compile_and_stage(candidate, host, store, raise_serial)
    _check(_sound(candidates), host)
    for candidate in _sound(candidates):
        with _caught(candidate):
            host.files.publish(candidate.uuid)
            candidate.published = Publication(candidate.serial, candidate.digest, candidate.derived)
            _load(candidate, host)
    for candidate in candidates:
        _log(candidate, began)
    return [
        Attempt(one.uuid, one.name, one.serial, f"{one.error.step}: {one.error}" if one.error else None, one.published)
        for one in candidates
    ]


def withdraw_zone(name: Name, host: PrimaryHost) -> None:
    """Remove the zone of that name from the primary, if it has one; the zone's files stay."""
    if loaded_file(name, host) is not None:
        host.control.delete_zone(name)
        log.info("event=withdrawn zone=%s", print_domain(name))


def loaded_file(name: Name, host: PrimaryHost) -> Path | None:
    """Return the path of the file that the primary reads for the zone of that name; None if it has no such zone.

    The path is empty if the primary no longer knows it.
    """
    shown = host.control.show_zone(name)
    found = _FILE.search(shown or "")
    return None if shown is None else Path(found[1] if found else "")


def restore_file(uuid: UUID, name: Name, host: PrimaryHost) -> None:
    """Restore the former content of a file that the primary did not load, so that a restart serves that content."""
    if host.files.restore(uuid):
        host.control.reload(name)


def remove_old_files(host: PrimaryHost, store: Store, now: datetime) -> None:
    """Unlink the files of zones that were removed over a day ago; those of unknown zones stay."""
    with store.reading():
        removed = deployments.removed_before(host.files.zones(), now - KEPT_AFTER_REMOVAL)
    for uuid in removed:
        host.files.remove(uuid)
        log.info("event=files-removed zone=%s", uuid)


def _compile_and_stage(candidate: _Candidate, host: PrimaryHost, store: Store, raise_serial: RaiseSerial) -> None:
    """Stage the zone's content under a serial that no other content was published with.

    A nameserver that has a serial accepts no other content with it.
    """
    content = _compile(candidate, host, store)
    for serial, digest in _published(candidate.uuid, host, store):
        if digest != digest_of(content) and not is_later(candidate.serial, serial):
            raise_serial(candidate.uuid, serial)
            content = _compile(candidate, host, store)
    candidate.digest = digest_of(content)
    candidate.staged = host.files.stage(candidate.uuid, content)


def _published(uuid: UUID, host: PrimaryHost, store: Store) -> Iterator[tuple[int, str]]:
    """Yield serial and digest of what was last published, according to the store.

    A live file with another content counts too: it was written for another state of the store, as before a restore.
    """
    with store.reading():
        stored = deployments.publication_of(uuid)
    if stored:
        yield stored.serial, stored.digest
    if stored is None or host.files.digest(uuid) != stored.digest:
        content = host.files.read_live(uuid)
        serial = serial_of(content)
        if serial is not None:
            yield serial, digest_of(content)


def _compile(candidate: _Candidate, host: PrimaryHost, store: Store) -> bytes:
    with store.reading():
        zone = zones.get_any(candidate.uuid)
        candidate.serial = zone.serial
        compiled = compile_zone(zone, host.apex)
    candidate.derived = compiled.derived
    return compiled.content


def _check(candidates: Sequence[_Candidate], host: PrimaryHost) -> None:
    """Let named-checkzone check all candidates; if it gives no verdict, all of them fail."""
    staged = {one.name: one.staged for one in candidates if one.staged}
    if not staged:
        return
    try:
        refusals = host.checker.check(staged)
        unchecked = None
    except CommandError as failed:
        refusals, unchecked = {}, str(failed)
    for candidate in candidates:
        refusal = unchecked or refusals.get(candidate.name)
        if refusal:
            candidate.error = CheckFailed(refusal)
            host.files.discard(candidate.uuid)


def _load(candidate: _Candidate, host: PrimaryHost) -> None:
    """Reload the zone, or add it after a zone of that name with another file was removed.

    That is a former zone of the name, or this zone with a file in another folder, as after the folder was moved.
    """
    file, loaded = host.files.path(candidate.uuid), loaded_file(candidate.name, host)
    if loaded is None:
        host.control.add_zone(candidate.name, str(file))
    elif loaded == file:
        host.control.reload(candidate.name)
    else:
        if loaded.parent != file.parent:
            _require_readable(candidate, host)
        host.control.replace_zone(candidate.name, str(file))


def _require_readable(candidate: _Candidate, host: PrimaryHost) -> None:
    """Raise ReloadFailed if the primary cannot load a zone from the folder of the zone files.

    It tries with an empty zone below the catalog's name, so that it keeps serving the zone itself until it can.
    """
    probe = Name((member_label(candidate.uuid).encode(), *host.catalog.labels))
    staged = host.files.stage(candidate.uuid, catalog_zone(probe, FIRST_SERIAL))
    try:
        host.control.add_zone(probe, str(staged))
        host.control.delete_zone(probe)
    except CommandError as failed:
        raise ReloadFailed(f"named cannot read {staged.parent}, the folder of the zone files: {failed}") from failed
    finally:
        host.files.discard(candidate.uuid)


def _sound(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    return [candidate for candidate in candidates if candidate.error is None]


@contextmanager
def _caught(candidate: _Candidate) -> Iterator[None]:
    """Keep the error of one zone with that zone."""
    try:
        yield
    except DeployError as failed:
        candidate.error = failed
    except CommandError as failed:
        candidate.error = ReloadFailed(str(failed))
    except ApplianceError as failed:
        candidate.error = CompileFailed(str(failed))


def _log(candidate: _Candidate, began: float, clock: Callable[[], float] = time.monotonic) -> None:
    level = logging.WARNING if candidate.error else logging.INFO
    log.log(
        level,
        "event=deployed zone=%s serial=%d step=%s ms=%.1f%s",
        print_domain(candidate.name),
        candidate.serial,
        candidate.error.step if candidate.error else "reload",
        (clock() - began) * 1000,
        f" reason={str(candidate.error)!r}" if candidate.error else "",
    )
