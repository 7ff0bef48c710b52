"""Set the addresses of host names, with the words that a dyndns2 call answers for each. It knows no request.

Hosts of one zone share a transaction and a serial; if it is refused, each gets one of its own and so its own word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.doors.dyndns2.address_update import AddressUpdate, Word
from appliance.editing import Editor, RecordRequest, ReplaceRRset, find_zone_of
from appliance.errors import InputError, InvalidName, NotFound, NotPermitted
from appliance.principal import Principal
from appliance.store.records import ZoneView
from appliance.zones.model import Zone
from appliance.zones.names import parse_full_owner, print_domain, print_owner
from appliance.zones.record_text import print_name

TTL = 60
"""Seconds; the TTL of a new RRset. One that exists keeps its own."""


@dataclass(slots=True)
class HostUpdates:
    """The updates of one call. `words` has the word of each host, `changed` the zones as they were stored."""

    editor: Editor
    principal: Principal
    update: AddressUpdate
    words: dict[str, Word] = field(default_factory=dict)
    changed: list[Zone] = field(default_factory=list)

    def apply(self) -> None:
        """Set the addresses of all hosts. Raise StoreError or RateLimited if that cannot be done now."""
        for zone, owners in self._by_zone().items():
            self._write(zone, owners)

    def lines(self) -> Iterator[str]:
        """Yield the line of each host, in the order of the call."""
        for host in self.update.hosts:
            word = self.words[host]
            has_addresses = word in (Word.GOOD, Word.UNCHANGED) and self.update.shown
            yield f"{word} {self.update.shown}" if has_addresses else word.value

    def _by_zone(self) -> Mapping[Zone, Mapping[str, Name]]:
        """Return the owners of the hosts that may be written, by zone and host; set the words of the others."""
        found: dict[Zone, dict[str, Name]] = defaultdict(dict)
        with self.editor.store.reading():
            for host in dict.fromkeys(self.update.hosts):
                try:
                    owner = _full_name(host)
                    found[self._zone_of(owner)][host] = owner
                except InputError:
                    self.words[host] = Word.NOT_FULL_NAME
                except (NotFound, NotPermitted):
                    self.words[host] = Word.NO_HOST
        return found

    def _zone_of(self, owner: Name) -> Zone:
        """Return the zone of a host; raise NotPermitted unless its addresses may be written."""
        zone = find_zone_of(owner, self.principal.scope)
        limits, name = self.principal.limits, print_owner(owner, zone.name)
        for rdtype in self.update.addresses:
            if not limits.allow_record(zone.uuid, print_domain(zone.name), rdtype, name):
                raise NotPermitted(f"this token may not write {rdtype} records at {name}")
        return zone

    def _write(self, zone: Zone, owners: Mapping[str, Name]) -> None:
        """Set the addresses of hosts of one zone, together or, if that is refused, one by one."""
        moved: set[Name] = set()

        def requests(current: Zone) -> Sequence[RecordRequest]:
            wanted = list(self._requests(current, owners.values()))
            moved.clear()
            moved.update(owner for owner, _ in wanted)
            return [request for _, request in wanted]

        try:
            diff = self.editor.change_many(self.principal, zone.uuid, requests)
        except (InputError, NotPermitted, NotFound) as refused:
            if len(owners) == 1:
                self.words[next(iter(owners))] = Word.DNS_ERROR if isinstance(refused, InputError) else Word.NO_HOST
                return
            for host, owner in owners.items():
                self._write(zone, {host: owner})
            return
        is_removal = not self.update.shown
        self.words |= {
            host: Word.GOOD if is_removal or owner in moved else Word.UNCHANGED for host, owner in owners.items()
        }
        self.changed.append(diff.after)

    def _requests(self, zone: Zone, owners: Iterable[Name]) -> Iterator[tuple[Name, RecordRequest]]:
        """Yield the requests for the RRsets that differ from what is wanted, each with its owner."""
        owners = list(dict.fromkeys(owners))
        nodes = ZoneView(zone, self.editor.apex.servers).nodes(owners)
        for owner in owners:
            for rdtype, address in self.update.addresses.items():
                rrset = nodes.get(owner, {}).get(RdataType[rdtype])
                present = [record.value for record in rrset.records] if rrset else []
                wanted = [address] if address else []
                if present != wanted:
                    yield owner, ReplaceRRset(rdtype, print_name(owner), wanted, None if present else TTL)


def _full_name(host: str) -> Name:
    owner = parse_full_owner(host, "hostname")
    if len(owner.labels) < 3:
        raise InvalidName(f"{host} has only one label: write the full name", "hostname")
    return owner
