"""The signed zones of a batch: the same content as stored, every signature valid, and every kind of answer, too."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import dns.name
from dns.name import Name

from appliance.addresses import Nameserver
from appliance.errors import CommandError
from appliance.queries.bulk import query_all
from appliance.queries.zone_signatures import query_signatures
from appliance.render.zone_file import Apex
from appliance.zones.delta import WireRecord
from appliance.zones.names import parse_domain
from appliance.zones.signed_content import content_of
from appliance.zones.signing import MAX_NAME, MAX_TTL, Ds, SigningKey, file_name_length
from tests.delv import Validator
from tests.pair import Pair, wait_for
from tests.soak.random_zones import RandomZone, zone_of_every_value
from tests.soak.transfers import Transfers
from tests.soak.validation import fault_of_copy

SIGNED_ONE_IN = 200
"""One in this many random zones is signed, its TTLs cut to those that a signed zone may have."""
SIGNING_TIMEOUT = 120.0
RANDOM_ANSWERS = 1
"""Answers of a zone of random content that delv validates, at each nameserver."""
RECORDS = (
    ("www", "A", "192.0.2.1"),
    ("alias", "CNAME", "www.{zone}"),
    ("outside", "CNAME", "www.example.net"),
    ("*.wild", "TXT", "any"),
    ("a.between", "TXT", "below a name without records"),
    ("secure", "NS", "ns.example.net"),
    ("secure", "DS", f"12345 13 2 {'0123456789abcdef' * 4}"),
    ("insecure", "NS", "ns.example.net"),
)
QUERIES = {
    "positive": ("www", "A"),
    "no data": ("www", "TXT"),
    "no such name": ("absent", "A"),
    "wildcard": ("x.wild", "TXT"),
    "wildcard, two labels": ("y.x.wild", "TXT"),
    "wildcard without data": ("x.wild", "A"),
    "above a wildcard": ("wild", "A"),
    "empty non-terminal": ("between", "A"),
    "alias": ("alias", "A"),
    "alias itself": ("outside", "CNAME"),
    "delegation with DS": ("secure", "DS"),
    "delegation without DS": ("insecure", "DS"),
    "apex": ("", "SOA"),
    "apex NS": ("", "NS"),
    "apex without data": ("", "A"),
    "keys": ("", "DNSKEY"),
    "content number": ("", "TYPE65280"),
}
"""Every kind of answer: a name relative to the zone, and a type."""


def may_sign(zone: RandomZone) -> bool:
    """Return True unless the name is too long for a signed zone."""
    return file_name_length(zone.name) <= MAX_NAME


def signed(zone: RandomZone) -> RandomZone:
    """Return the zone as one that is to be signed: no TTL is over a day."""
    nodes = {
        owner: {
            rdtype: [replace(one, ttl=min(one.ttl, MAX_TTL)) for one in members] for rdtype, members in node.items()
        }
        for owner, node in zone.nodes_by_owner.items()
    }
    return RandomZone(zone.name, zone.own_servers, nodes, is_signed=True)


def extra_zones(number: int, apex: Apex) -> list[RandomZone]:
    """Return a signed zone that has every value, and one with every kind of answer; the number makes them unique."""
    kinds = RandomZone(parse_domain(f"kinds.z{number}.example"), apex.servers)
    for name, rdtype, value in RECORDS:
        assert kinds.add_value(name, rdtype, value.format(zone=f"kinds.z{number}.example"))
    return [signed(zone_of_every_value(number, apex)), signed(kinds)]


class SignedBatch:
    """The signed zones of a batch on a pair, and how many answers of theirs were validated."""

    def __init__(self, pair: Pair, zones: Collection[RandomZone], serial: int, apex: Apex) -> None:
        self.answers = 0
        self._pair, self._zones, self._serial, self._apex = pair, [one for one in zones if one.is_signed], serial, apex

    def faults(self, random: Random) -> Iterator[str]:
        """Yield what is wrong with the zones at a nameserver."""
        try:
            wait_for(self._are_signed, "all zones are signed", SIGNING_TIMEOUT)
        except AssertionError:
            yield f"not all zones of {[str(zone.name) for zone in self._zones]} are signed everywhere"
        with tempfile.TemporaryDirectory(prefix="signed-") as folder:
            for server in (self._pair.primary, self._pair.secondary):
                with Transfers(server, self._pair.transfer_key) as transfers:
                    for zone in self._zones:
                        yield from self._faults_of_transfer(transfers, server, zone, Path(folder))
                for zone in self._zones:
                    yield from self._faults_of_answers(server, zone, random, Path(folder))

    def _are_signed(self) -> bool:
        """Return True once the primary has signed all zones, and the secondary has them at its serials."""
        names = [zone.name for zone in self._zones]
        states = map(self._pair.control.zone_state, names)
        if not all(state and state.secure for state in states):
            return False
        own, other = (
            [answer and answer.serial for answer in query_all([(server, name) for name in names], timeout=0.5).values()]
            for server in (self._pair.primary, self._pair.secondary)
        )
        return own == other

    def _faults_of_transfer(
        self, transfers: Transfers, server: Nameserver, zone: RandomZone, folder: Path
    ) -> Iterator[str]:
        try:
            transfers.request(zone.name)
            served = transfers.read()
        except CommandError as failed:
            yield f"{server.name} does not transfer {zone.name}: {failed}"
            return
        stored = frozenset(content_of(zone.content(self._serial, self._apex)))
        found = frozenset(content_of(served))
        if found != stored:
            yield f"{server.name} transfers {zone.name} without {_some(stored - found)}, with {_some(found - stored)}"
        if fault := fault_of_copy(zone.name, served, folder):
            yield f"{server.name} serves {zone.name}, which is not valid: {fault}"

    def _faults_of_answers(self, server: Nameserver, zone: RandomZone, random: Random, folder: Path) -> Iterator[str]:
        validator = Validator(server, zone.name, self._ds_of(zone.name), folder)
        for name, rdtype in _queries(zone, random):
            self.answers += 1
            if fault := validator.fault(name.to_text(), rdtype):
                yield fault

    def _ds_of(self, zone: Name) -> Sequence[Ds]:
        """Return the DS of the keys that the primary serves."""
        keys = query_signatures(self._pair.primary, zone).keys
        now = datetime.now(UTC)
        return [SigningKey(one.tag, one.algorithm, one.flags, one.public_key, now).ds_of(zone) for one in keys]


def _queries(zone: RandomZone, random: Random) -> Iterator[tuple[Name, str]]:
    """Yield the queries whose answers are validated: every kind, or some of a zone of random content."""
    if zone.name.labels[0] == b"kinds":
        for prefix, rdtype in QUERIES.values():
            yield dns.name.from_text(prefix, zone.name), rdtype
    owners = [owner for owner in zone.nodes_by_owner if zone.has_answers_at(owner)]
    for owner in random.sample(sorted(owners), min(len(owners), RANDOM_ANSWERS)):
        yield owner, random.choice(sorted(zone.nodes_by_owner[owner])).name


def _some(rows: frozenset[WireRecord]) -> Sequence[WireRecord]:
    return sorted(rows)[:3]
