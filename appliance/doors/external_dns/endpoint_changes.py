"""The changes of a synchronisation of external-dns, as requests of zones. It knows no HTTP.

Everything is applied under one serial for each zone. If there are several zones, the changes of all are checked before
the first is stored; what a failure of the store leaves undone is done when external-dns repeats the call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.doors.external_dns.endpoint_text import DnsEndpoint, canonical_target, merge, print_target, read_endpoint
from appliance.editing import DeleteRecord, Editor, RecordRequest, ReplaceRRset, ValueInput, find_zones_of
from appliance.errors import InputError, NotFound
from appliance.principal import Principal
from appliance.store.records import ZoneView
from appliance.zones.model import Zone
from appliance.zones.names import parse_full_owner
from appliance.zones.record_text import print_name, read_content


@dataclass(slots=True)
class ZoneChanges:
    """The endpoints that are to be set, and those whose targets are to be removed, each with its owner."""

    wanted: list[tuple[Name, DnsEndpoint]] = field(default_factory=list)
    removed: list[tuple[Name, DnsEndpoint]] = field(default_factory=list)

    def requests(self, zone: Zone) -> Sequence[RecordRequest]:
        """Return the requests that apply them to the zone as it is now: removals first."""
        return [*self._deletions(zone), *(_replacement(owner, endpoint) for owner, endpoint in self.wanted)]

    def _deletions(self, zone: Zone) -> Iterator[RecordRequest]:
        set_again = {(owner, endpoint.record_type) for owner, endpoint in self.wanted}
        nodes = ZoneView(zone, ()).nodes({owner for owner, _ in self.removed})
        for owner, endpoint in self.removed:
            node, record_type = nodes.get(owner, {}), endpoint.record_type
            rrset = node.get(RdataType.from_text(record_type)) if record_type in RdataType.__members__ else None
            if rrset is None or (owner, record_type) in set_again:
                continue
            targets = {canonical_target(record_type, target) for target in endpoint.targets}
            yield from (DeleteRecord(record.uuid) for record in rrset.records if print_target(record) in targets)


def read_changes(body: Mapping[str, object]) -> tuple[list[DnsEndpoint], list[DnsEndpoint]]:
    """Return the endpoints to set and those to remove; keys may have any letter case.

    `updateOld` is what `updateNew` replaces, and is not needed. Raise InputError with the path of what is wrong.
    """
    lists = {key.lower(): value for key, value in body.items()}
    wanted = [*_endpoints(lists, "create"), *_endpoints(lists, "updateNew")]
    return merge(wanted), merge(_endpoints(lists, "delete"))


def by_zone(
    principal: Principal, wanted: Sequence[DnsEndpoint], removed: Sequence[DnsEndpoint]
) -> Mapping[Zone, ZoneChanges]:
    """Return the changes by zone; to be called in a read of the store. Raise NotFound for a name that is in no zone."""
    owners = {endpoint.name: parse_full_owner(endpoint.name, "dnsName") for endpoint in (*wanted, *removed)}
    zones = find_zones_of(set(owners.values()), principal.scope)
    lost = next((name for name, owner in owners.items() if owner not in zones), None)
    if lost is not None:
        raise NotFound(f"{lost} is in no zone of this token")
    found: dict[Zone, ZoneChanges] = defaultdict(ZoneChanges)
    for endpoint in wanted:
        owner = owners[endpoint.name]
        found[zones[owner]].wanted.append((owner, endpoint))
    for endpoint in removed:
        owner = owners[endpoint.name]
        found[zones[owner]].removed.append((owner, endpoint))
    return found


def apply_changes(editor: Editor, principal: Principal, changes: Mapping[Zone, ZoneChanges]) -> list[Zone]:
    """Store the changes of all zones; return the zones as they are then."""
    if len(changes) > 1:
        for zone, of_zone in changes.items():
            editor.preview_many(principal, zone.uuid, of_zone.requests)
    return [editor.change_many(principal, zone.uuid, of_zone.requests).after for zone, of_zone in changes.items()]


def _endpoints(lists: Mapping[str, object], key: str) -> list[DnsEndpoint]:
    given = lists.get(key.lower()) or []
    if not isinstance(given, list):
        raise InputError(f"{key} must be a list of endpoints", key)
    return [read_endpoint(document, f"{key}.{index}") for index, document in enumerate(given)]


def _replacement(owner: Name, endpoint: DnsEndpoint) -> ReplaceRRset:
    texts = [
        read_content(endpoint.record_type, target)
        for target in dict.fromkeys(canonical_target(endpoint.record_type, one) for one in endpoint.targets)
    ]
    values = [ValueInput(text.value, text.priority) for text in texts]
    return ReplaceRRset(endpoint.record_type, print_name(owner), values, endpoint.ttl)
