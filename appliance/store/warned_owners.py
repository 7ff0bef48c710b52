"""The owners of a stored zone that can have warnings: found in its index, without reading records.

None that has a warning is left out; some without one are among them. Names are compared as keys (`store.name_keys`).
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from dns.name import Name

from appliance.store import delegations, name_keys, tables
from appliance.zones.delegation_warnings import MIN_NS_TTL
from appliance.zones.labels import print_label
from appliance.zones.model import Zone

_BEFORE_TARGET = {"CNAME": 0, "NS": 0, "MX": 2, "SRV": 6}
"""Octets of the rdata before the target, of each type that has one."""


class _Row(NamedTuple):
    key: str
    rdtype: str
    wire: bytes
    ttl: int | None


def possible_owners(zone: Zone, lacks_dmarc: Callable[[], bool]) -> list[Name]:
    """Return the owners that can have warnings, each once, and hosts that exist only by their services.

    `lacks_dmarc` is called if there is mail, and returns whether the zone has no DMARC record for all its names.
    """
    keys = dict.fromkeys(_Candidates(zone, lacks_dmarc).keys())
    return [name_keys.owner_from_key(key, zone.name) for key in keys]


class _Candidates:
    def __init__(self, zone: Zone, lacks_dmarc: Callable[[], bool]) -> None:
        self._lacks_dmarc = functools.cache(lacks_dmarc)
        self._zone, self._origin = zone, zone.name.to_wire() or b""
        self._rows = [_Row(*row) for row in _execute(_ROWS, zone.uuid.hex, self._origin)]
        self._has_wildcards = any(f".{row.key}".endswith(".*.") for row in self._rows)

    def keys(self) -> Iterator[str]:
        by_owner = defaultdict(list)
        for row in self._rows:
            by_owner[row.key].append(row)
        yield from (key for key, rows in by_owner.items() if self._is_possible(rows))
        yield from _keys_below_child_zones(self._zone)
        if self._has_wildcards:
            yield from self._hosts_without_addresses()

    def _is_possible(self, rows: Iterable[_Row]) -> bool:
        """Return whether the owner of these rows can have a warning."""
        types = [row.rdtype for row in rows]
        is_mail = not {"MX", "TXT"}.isdisjoint(types) and self._lacks_dmarc()
        return is_mail or types.count("TXT") > 1 or any(map(self._has_target, rows)) or self._is_delegation(rows)

    def _has_target(self, row: _Row) -> bool:
        """Return whether the target is in the zone and has no address of its own; of a CNAME: may be an alias."""
        target = self._target(row)
        if target is None or target in self._addresses:
            return False
        return row.rdtype != "CNAME" or self._has_wildcards or target in self._aliases

    def _is_delegation(self, rows: Iterable[_Row]) -> bool:
        """Return whether NS records are at the apex, have a low TTL, or have one address together."""
        servers = [row for row in rows if row.rdtype == "NS"]
        if any(row.key == "" or (row.ttl or 0) < MIN_NS_TTL for row in servers):
            return True
        targets = [self._target(row) for row in servers]
        if len(targets) < 2 or None in targets:
            return False
        return len(set().union(*(self._addresses[target] for target in targets if target in self._addresses))) == 1

    def _target(self, row: _Row) -> str | None:
        """Return the key of the target, None if it is not in the zone."""
        name = row.wire[_BEFORE_TARGET.get(row.rdtype, len(row.wire)) :]
        return _key_of(name[: -len(self._origin)]) if name.endswith(self._origin) else None

    @functools.cached_property
    def _addresses(self) -> dict[str, set[bytes]]:
        found = defaultdict(set)
        for key, wire in _execute(_ADDRESSES, self._zone.uuid.hex):
            found[key].add(wire)
        return dict(found)

    @functools.cached_property
    def _aliases(self) -> set[str]:
        return {key for (key,) in _execute(_ALIASES, self._zone.uuid.hex)}

    def _hosts_without_addresses(self) -> Iterator[str]:
        """Yield the hosts, by their own records or those of a service, for which a wildcard could answer."""
        has_data = dict(_execute(_HOSTS, self._zone.uuid.hex))
        hosts = (_host_key(key) for key, has in has_data.items() if not has)
        yield from (host for host in hosts if not has_data.get(host))


def _key_of(labels: bytes) -> str:
    """Return the key of a relative name in wire form."""
    key, at = "", 0
    while at < len(labels):
        end = at + 1 + labels[at]
        key, at = f"{print_label(labels[at + 1 : end])}.{key}", end
    return key


def _host_key(key: str) -> str:
    """Return the key of the host of a service, as `zones.wildcard_warnings.host_of`."""
    return key[: f".{key}".index("._")] if f".{key}".count("._") else key


def _keys_below_child_zones(zone: Zone) -> Iterator[str]:
    """Yield the names of child zones at or below which there are records, and the owners of these."""
    for name in delegations.with_data(zone):
        key = name_keys.owner_key(name, zone.name)
        yield key
        yield from (row[0] for row in _execute(_BELOW, zone.uuid.hex, *name_keys.below(key)))


def _execute(query: str, *parameters: object) -> Iterator[tuple]:  # type: ignore[type-arg]
    yield from tables.Record._meta.database.execute_sql(query, parameters)


_ROWS = """
select owner_key, rdtype, wire, case when rdtype = 'NS' then ttl end from record
where zone_id = (select id from zone where uuid = ?) and (
    owner_key like '%*.'
    or rdtype <> 'A' and rdtype <> 'AAAA' and rdtype in ('NS', 'MX', 'TXT', 'CNAME', 'SRV') and case
        when rdtype = 'TXT' then lower(cast(substr(wire, 2, 6) as text)) = 'v=spf1'
        when rdtype = 'CNAME' or rdtype = 'SRV' then instr(wire, ?) > 0
        else 1
    end
)
"""
"""The types of most records are compared first: 11 ms for 100,000 addresses. Only NS records are read themselves."""
_ADDRESSES = """
select owner_key, wire from record
where zone_id = (select id from zone where uuid = ?) and rdtype in ('A', 'AAAA')
"""
_ALIASES = "select owner_key from record where zone_id = (select id from zone where uuid = ?) and rdtype = 'CNAME'"
_HOSTS = """
select owner_key, max(rdtype in ('A', 'CNAME', 'NS')) from record
where zone_id = (select id from zone where uuid = ?) group by owner_key
"""
_BELOW = """
select distinct owner_key from record
where zone_id = (select id from zone where uuid = ?) and owner_key > ? and owner_key < ?
"""
