"""The zone of one name on the primary: its file replaced and loaded, the former file restored, the zone withdrawn.

What an update changed is in named's journal, and in the file only when named has written that. So updates are suspended
before a file is replaced, and the file must have the serial that is served: then a restart never serves an older one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeGuard
from uuid import UUID

from dns.name import Name

from appliance.deploy.host import PrimaryHost
from appliance.errors import CommandError, CommandFailed, KeysMissing, ReloadFailed
from appliance.nameserver.control import ZoneState
from appliance.render.named_conf import catalog_zone
from appliance.zones.catalog import FIRST_SERIAL, member_label
from appliance.zones.names import print_domain
from appliance.zones.serial import is_later

log = logging.getLogger(__name__)

WRITE_PATIENCE = 5.0
"""Seconds in which named must write a small zone to its file; one more for each `OCTETS_PER_SECOND` of the file."""
OCTETS_PER_SECOND = 1_000_000
FIRST_PAUSE, LONGEST_PAUSE = 0.0005, 0.02
"""Seconds between two reads of the head of the file."""


def loaded_file(name: Name, host: PrimaryHost) -> Path | None:
    """Return the path of the file that the primary reads for the zone of that name; None if it has no such zone.

    The path is empty if the primary no longer knows it.
    """
    state = host.control.zone_state(name)
    return None if state is None else Path(state.file)


def zone_state(uuid: UUID, name: Name, host: PrimaryHost) -> ZoneState | None:
    """Return the state that the primary has of the name; None if it has no such zone.

    A zone without a file is new: nobody asks whether the primary has another one of its name.
    """
    return host.control.zone_state(name) if host.files.size(uuid) else None


def is_of_file(state: ZoneState | None, uuid: UUID, host: PrimaryHost) -> TypeGuard[ZoneState]:
    """Return True if the state is that of this very zone, read from its live file."""
    return state is not None and state.file == str(host.files.path(uuid))


def suspend_updates(uuid: UUID, name: Name, state: ZoneState | None, host: PrimaryHost) -> None:
    """Suspend updates of the zone if the primary reads this zone's file; one that is signed takes none anyway."""
    if is_of_file(state, uuid, host) and not state.signed:
        host.control.suspend_updates(name)


def replace_file(uuid: UUID, name: Name, state: ZoneState | None, host: PrimaryHost) -> None:
    """Make the staged file of the zone the live one, after `suspend_updates`."""
    if is_of_file(state, uuid, host):
        await_file(uuid, name, state.serial, host)
    host.files.publish(uuid)


def load_file(uuid: UUID, name: Name, state: ZoneState | None, host: PrimaryHost, *, signed: bool = False) -> bool:
    """Make the primary load the live file: add the zone, reload it, or replace a zone that has another file.

    That is a former zone of the name, or this zone with a file in another folder, as after the folder was moved. A zone
    that is to be signed, or no longer, is replaced too: named changes that in no other way. Return True if the zone was
    added, and is not signed: then it is loaded. All else happens after this returns.
    """
    file, keys = host.files.path(uuid), str(host.files.key_folder(uuid)) if signed else ""
    state = state or _add_zone(name, file, keys, host)
    if state is None:
        return not signed
    if is_of_file(state, uuid, host) and state.signed == signed:
        reload_file(name, host, signed=signed)
        return False
    if Path(state.file).parent != file.parent:
        _require_readable(uuid, host)
    host.control.replace_zone(name, str(file), keys)
    if state.signed and not signed:
        host.files.remove_signed(uuid)
    return False


def reload_file(name: Name, host: PrimaryHost, *, signed: bool) -> None:
    """Make the primary read the live file again."""
    if signed:
        host.control.reload(name)
    else:
        host.control.resume_updates(name)


def require_keys(uuid: UUID, tags: Collection[int], state: ZoneState | None, host: PrimaryHost) -> None:
    """Raise KeysMissing unless the files of these keys are there: named would make others.

    A zone that named does not sign, and without known keys, was never signed: make the folder in which named makes a
    key. What named wrote of an earlier time of signing is removed: it would not follow the file beside that.
    """
    is_signed = state is not None and state.signed
    if not is_signed and not (tags and state is None):
        host.files.remove_signed(uuid)
    if not tags and not is_signed:
        host.files.make_key_folder(uuid)
    elif not host.files.has_keys(uuid, tags):
        shown = ", ".join(map(str, sorted(tags)))
        raise KeysMissing(
            f"the files of the DNSSEC keys {shown} are not all on the primary: an operator must restore them from a "
            "backup (dns-appliance restore FILE --keys-only)"
        )


def _add_zone(name: Name, file: Path, keys: str, host: PrimaryHost) -> ZoneState | None:
    """Add the zone; return the state of the zone that the primary has under that name already, None if it has none."""
    try:
        host.control.add_zone(name, str(file), keys)
    except CommandFailed as failed:
        if "already exists" not in str(failed):
            raise
        return host.control.zone_state(name)
    return None


def await_file(
    uuid: UUID,
    name: Name,
    serial: int | None,
    host: PrimaryHost,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Wait until the live file has the serial that the primary serves, or a later one; return False if it is overdue.

    named writes it after `sync` and `suspend_updates`. A file that is missing or holds no zone is not awaited, nor one
    of a zone that is not loaded. Raise CommandError if named ended meanwhile.
    """
    pause, deadline = FIRST_PAUSE, monotonic() + WRITE_PATIENCE + host.files.size(uuid) / OCTETS_PER_SECOND
    while serial is not None and (head := host.files.head(uuid)) and is_later(serial, head.serial):
        if monotonic() > deadline:
            host.control.boot_time()
            log.warning("event=file-behind zone=%s served=%d file=%d", print_domain(name), serial, head.serial)
            return False
        sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    return True


def restore_file(uuid: UUID, name: Name, host: PrimaryHost) -> None:
    """Restore the former content of a file that the primary did not load, so that a restart serves that content."""
    if host.files.restore(uuid):
        state = host.control.zone_state(name)
        reload_file(name, host, signed=state is not None and state.signed)


def withdraw_zone(name: Name, host: PrimaryHost) -> None:
    """Remove the zone of that name from the primary, if it has one; the zone's files stay."""
    try:
        host.control.delete_zone(name)
    except CommandFailed as failed:
        if "not found" not in str(failed):
            raise
    else:
        log.info("event=withdrawn zone=%s", print_domain(name))


def _require_readable(uuid: UUID, host: PrimaryHost) -> None:
    """Raise ReloadFailed if the primary cannot load a zone from the folder of the zone files.

    It tries with an empty zone below the catalog's name, so that it keeps serving the zone itself until it can.
    """
    probe = Name((member_label(uuid).encode(), *host.catalog.labels))
    staged = host.files.stage(uuid, catalog_zone(probe, FIRST_SERIAL))
    try:
        host.control.add_zone(probe, str(staged))
        host.control.delete_zone(probe)
    except CommandError as failed:
        raise ReloadFailed(f"named cannot read {staged.parent}, the folder of the zone files: {failed}") from failed
    finally:
        host.files.discard(uuid)
