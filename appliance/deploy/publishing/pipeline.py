"""Compile, stage, check, publish and load a batch of zones.

A broken zone never stops the others: each failure is caught at its own zone and becomes the error of its attempt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from dns.name import Name

from appliance.compiler import compile_zone
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.kept_keys import forget_lost_keys, remove_old_keys, take_former_keys
from appliance.deploy.publishing.primary_zone import (
    is_of_file,
    load_file,
    replace_file,
    require_keys,
    suspend_updates,
    zone_state,
)
from appliance.deploy.publishing.signed_again import must_sign_again, sign_again
from appliance.deploy.publishing.signed_elsewhere import is_signed_since, keys_of, served_signed
from appliance.editing import Editor
from appliance.errors import (
    ApplianceError,
    CheckFailed,
    CommandError,
    CompileFailed,
    DeployError,
    PublishFailed,
    ReloadFailed,
)
from appliance.nameserver.control import ZoneState
from appliance.render.zone_file import digest_of, serial_of
from appliance.store import deployments, signing, zones
from appliance.store.file.database import Store
from appliance.zones.deployment import Publication
from appliance.zones.names import print_domain
from appliance.zones.serial import is_later
from appliance.zones.signing import Signing

log = logging.getLogger(__name__)

KEPT_AFTER_REMOVAL = timedelta(days=1)
"""How long the files of a zone are kept after its removal."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result for one zone: this serial was handed to the primary, or `error` says at which step it failed.

    `published` is the content that reached the primary, None if the primary still has the former one. `is_loaded`: the
    zone is new to the primary, which has loaded it. `signed`: it has a content number.
    """

    uuid: UUID
    name: Name
    serial: int
    error: str | None = None
    published: Publication | None = None
    is_loaded: bool = False
    signed: bool = False


@dataclass(slots=True)
class _Candidate:
    uuid: UUID
    name: Name
    serial: int = 0
    staged: Path | None = None
    digest: str = ""
    derived: str = ""
    state: ZoneState | None = None
    signed: bool = False
    known: Signing | None = None
    is_lost: bool = False
    unsigned_at: datetime | None = None
    keys: frozenset[int] = frozenset()
    published: Publication | None = None
    is_loaded: bool = False
    error: DeployError | None = None

    def attempt(self) -> Attempt:
        error = f"{self.error.step}: {self.error}" if self.error else None
        return Attempt(self.uuid, self.name, self.serial, error, self.published, self.is_loaded, self.signed)


def deploy_zones(batch: Iterable[tuple[UUID, Name]], host: PrimaryHost, store: Store, editor: Editor) -> list[Attempt]:
    """Bring the newest content of each zone of the batch to the primary, without waiting until it is served.

    `editor` raises a zone's serial over one that was published with another content, and keeps a zone signed.
    """
    began = time.monotonic()
    candidates = [_Candidate(uuid, name) for uuid, name in batch]
    for candidate in candidates:
        with _caught(candidate):
            candidate.state = zone_state(candidate.uuid, candidate.name, host)
            _compile_and_stage(candidate, host, store, editor)
    _keep_signed(candidates, host, store, editor)
    for candidate in _sound(candidates):
        with _caught(candidate):
            _require_keys(candidate, host, store)
    _check(_sound(candidates), host)
    for candidate in _sound(candidates):
        with _caught(candidate):
            suspend_updates(candidate.uuid, candidate.name, candidate.state, host)
    for candidate in _sound(candidates):
        with _caught(candidate):
            replace_file(candidate.uuid, candidate.name, candidate.state, host)
            candidate.published = Publication(candidate.serial, candidate.digest, candidate.derived)
            candidate.is_loaded = _load(candidate, host, store)
    for candidate in candidates:
        _log(candidate, began)
        if candidate.error:
            with suppress(PublishFailed):  # what it staged takes space that others need
                host.files.discard(candidate.uuid)
    return [candidate.attempt() for candidate in candidates]


def _keep_signed(candidates: Iterable[_Candidate], host: PrimaryHost, store: Store, editor: Editor) -> None:
    """Keep each zone signed that a secondary serves signed, and of which this primary has no file.

    One that was unsigned on purpose stays so if it was signed before that. It may have been signed again since the
    backup that was restored.
    """
    lost = {candidate.name: candidate for candidate in _sound(candidates) if candidate.is_lost}
    for name, served in served_signed(lost, host).items() if lost else ():
        candidate = lost[name]
        if candidate.unsigned_at and not is_signed_since(served, candidate.unsigned_at):
            continue
        with _caught(candidate):
            keys = keys_of(served)
            candidate.keys = frozenset(key.tag for key in keys)
            if candidate.known is None or not candidate.known.keys:
                log.warning("event=kept-signed zone=%s", print_domain(name))
                editor.keep_signed(candidate.uuid, keys, served.signing.serial if served.signing else None)
                _compile_and_stage(candidate, host, store, editor)


def _require_keys(candidate: _Candidate, host: PrimaryHost, store: Store) -> None:
    """Raise KeysMissing unless the files of all keys of a signed zone are there, or it has none yet.

    A zone that is unsigned until now, and has lost its former keys, gets others.
    """
    if not candidate.signed:
        return
    uuid, state = candidate.uuid, candidate.state
    tags = candidate.keys.union(key.tag for key in (candidate.known.keys if candidate.known else ()))
    if tags and is_of_file(state, uuid, host) and not state.signed and not host.files.has_keys(uuid, tags):
        forget_lost_keys(uuid, candidate.name, store)
        tags = frozenset()
    if not tags:
        take_former_keys(uuid, host, store)
    require_keys(uuid, tags, state, host)


def remove_old_files(host: PrimaryHost, store: Store, now: datetime) -> None:
    """Unlink files of zones removed over a day ago, but not of unknown zones, what named abandoned, and old keys."""
    before = now - KEPT_AFTER_REMOVAL
    with store.reading():
        removed = deployments.removed_before(host.files.zones(), before)
    for uuid in removed:
        with store.reading():  # again: many take minutes, and one may be restored meanwhile
            is_removed = bool(deployments.removed_before([uuid], before))
        if is_removed:
            host.files.remove(uuid)
            log.info("event=files-removed zone=%s", uuid)
    host.files.remove_abandoned(before)
    remove_old_keys(host, store, now)


def _compile_and_stage(candidate: _Candidate, host: PrimaryHost, store: Store, editor: Editor) -> None:
    """Stage the zone's content under a serial that no other content was published with.

    A nameserver that has a serial accepts no other content with it.
    """
    content = _compile(candidate, host, store)
    for serial, digest in _contents(candidate, host, store):
        if digest != digest_of(content) and not is_later(candidate.serial, serial):
            editor.raise_serial(candidate.uuid, serial)
            content = _compile(candidate, host, store)
    candidate.digest = digest_of(content)
    candidate.staged = host.files.stage(candidate.uuid, content)


def _contents(candidate: _Candidate, host: PrimaryHost, store: Store) -> list[tuple[int, str]]:
    """Return the serials that nameservers may have, each with the digest of its content, empty if that is unknown.

    These are what was last published, according to the store; the live file, if it is another one, written for another
    state of the store, as before a restore; and what the primary serves. Of a file that named wrote itself only the
    serial is known: if that is the one published, so is the content.
    """
    with store.reading():
        stored = deployments.publication_of(candidate.uuid)
    found = [(stored.serial, stored.digest)] if stored else []
    unknown = {candidate.state.serial} if is_of_file(candidate.state, candidate.uuid, host) else set()
    if stored is None or host.files.digest(candidate.uuid) != stored.digest:
        head = host.files.head(candidate.uuid)
        if head is not None and head.by_named:
            unknown.add(head.serial)
        elif (serial := serial_of(content := host.files.read_live(candidate.uuid))) is not None:
            found.append((serial, digest_of(content)))
    return found + [(serial, "") for serial in unknown - dict(found).keys() if serial is not None]


def _compile(candidate: _Candidate, host: PrimaryHost, store: Store) -> bytes:
    with store.reading():
        zone = zones.get_any(candidate.uuid)
        candidate.serial, candidate.signed = zone.serial, zone.signed
        is_missing = candidate.state is None and deployments.may_be_served(candidate.uuid)
        known = signing.get(zone) if zone.signed or is_missing else None
        candidate.known = known if zone.signed else None
        candidate.unsigned_at = known.since if known and not zone.signed else None
        candidate.is_lost = is_missing
        compiled = compile_zone(zone, host.apex)
    candidate.derived = compiled.derived
    return compiled.content


def _load(candidate: _Candidate, host: PrimaryHost, store: Store) -> bool:
    """Make the primary load the live file; return True if it is loaded."""
    uuid, name, known, state = candidate.uuid, candidate.name, candidate.known, candidate.state
    if known is None or not must_sign_again(uuid, known, state, host):
        return load_file(uuid, name, state, host, signed=candidate.signed)
    is_seeded = sign_again(uuid, name, candidate.serial, known, host)
    with store.writing():
        signing.store_signed_again(uuid, is_seeded=is_seeded)
    return False


def _check(candidates: Sequence[_Candidate], host: PrimaryHost) -> None:
    """Let BIND's checker check all candidates, and flush them meanwhile; without a verdict all of them fail."""
    staged = {one.name: one.staged for one in candidates if one.staged}
    if not staged:
        return

    def flush() -> None:
        for candidate in candidates:
            with _caught(candidate):
                host.files.flush_staged(candidate.uuid)

    try:
        refusals = host.checker.check(staged, flush)
        unchecked = None
    except CommandError as failed:
        refusals, unchecked = {}, str(failed)
    for candidate in candidates:
        refusal = unchecked or refusals.get(candidate.name)
        if refusal:
            candidate.error = CheckFailed(refusal)


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
    except Exception as failed:  # rows that are not valid may raise anything
        log.exception("event=worker-broke zone=%s", print_domain(candidate.name))
        candidate.error = CompileFailed(f"internal error: {failed!r}")


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
