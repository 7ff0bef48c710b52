"""Zones that are served but not in the database: reported, kept, and removed only if an operator allows it.

After the restore of an old backup, or with an empty or wrong store, they are what would be lost.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from dns.name import Name

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.primary_zone import loaded_file, withdraw_zone
from appliance.zones.catalog import FILE_UUID, member_label, uuid_of
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnknownZone:
    """A zone that is not in the database: its label in the catalog, or the uuid of its file as a label."""

    label: str
    name: Name


def find_unknown_zones(
    host: PrimaryHost,
    members: Mapping[str, Name],
    files: Iterable[UUID],
    known: Collection[UUID],
    living: Iterable[Name],
) -> list[UnknownZone]:
    """Return members and zone `files` that belong to none of the `known` uuids, but for names of `living` zones."""
    labels = set(map(member_label, known))
    found = {label: name for label, name in members.items() if label not in labels}
    for uuid in set(files).difference(known, [FILE_UUID]):
        label, head = member_label(uuid), host.files.head(uuid)
        if label not in found and head is not None:
            found[label] = head.name
    if not found:
        return []
    in_use = set(living)
    return [UnknownZone(label, name) for label, name in sorted(found.items()) if name not in in_use]


def remove_unknown_zone(unknown: UnknownZone, host: PrimaryHost) -> None:
    """Remove the zone from the primary, if that serves this very zone under the name, and unlink its files.

    A label of another form belongs to a member of the catalog alone: it has no file here.
    """
    uuid = uuid_of(unknown.label)
    if uuid is None:
        return
    loaded = loaded_file(unknown.name, host)
    if loaded and loaded.name == host.files.path(uuid).name:
        withdraw_zone(unknown.name, host)
    host.files.remove(uuid)
    log.warning("event=unknown-zone-removed zone=%s label=%s", print_domain(unknown.name), unknown.label)
