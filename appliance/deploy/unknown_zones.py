"""Zones that the nameservers have and the store never knew: kept, told, and removed by an operator's word alone.

After the restore of an old backup, or with an empty or foreign store, they are what would be lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import dns.exception
import dns.name
from dns.name import Name

from appliance.deploy.host import PrimaryHost
from appliance.deploy.pipeline import loaded_from, withdraw_zone
from appliance.zones.catalog import FILE_UUID, member_label, uuid_of
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnknownZone:
    """A zone that the store never knew: its label in the catalog, or the uuid of its file as one."""

    label: str
    name: Name


def find_unknown_zones(
    host: PrimaryHost, members: Mapping[str, Name], known: Iterable[UUID], living: Iterable[Name]
) -> list[UnknownZone]:
    """The catalog members and zone files of none of the `known` uuids, but for names that a living zone has."""
    labels = {member_label(uuid) for uuid in known}
    found = {label: name for label, name in members.items() if label not in labels}
    for uuid in host.files.zones():
        if uuid != FILE_UUID and member_label(uuid) not in labels and member_label(uuid) not in found:
            name = _name_of_file(host, uuid)
            if name is not None:
                found[member_label(uuid)] = name
    taken = set(living)
    return [UnknownZone(label, name) for label, name in sorted(found.items()) if name not in taken]


def remove_unknown_zone(stray: UnknownZone, host: PrimaryHost) -> None:
    """Let the primary forget the zone, when it is what it has under that name, and unlink its files.

    A label that is none of ours is a member of the catalog alone: it has no file here.
    """
    uuid = uuid_of(stray.label)
    if uuid is None:
        return
    if loaded_from(stray.name, host) == uuid:
        withdraw_zone(stray.name, host)
    host.files.remove(uuid)
    log.warning("event=unknown-zone-removed zone=%s label=%s", print_domain(stray.name), stray.label)


def _name_of_file(host: PrimaryHost, uuid: UUID) -> Name | None:
    try:
        words = host.files.read_live(uuid).split(maxsplit=1)
        return dns.name.from_text(words[0].decode("ascii")) if words else None
    except (dns.exception.DNSException, UnicodeDecodeError):
        return None
