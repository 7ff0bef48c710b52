"""Check stored zones with the rules and with named-checkzone."""

from __future__ import annotations

import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import dns.exception
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.compiler import compile_zone, occluded
from appliance.doctor.result import DoctorContext, Result, ok, warn
from appliance.errors import ApplianceError, SettingsError
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.programs import find_program
from appliance.nameserver.zone_files import ZoneFiles
from appliance.render.zone_file import Apex, apex_of, record_line
from appliance.settings import Settings
from appliance.store import delegations, name_keys, records, zones
from appliance.store.file.database import Store
from appliance.zones import rules
from appliance.zones.model import Node, Record, Zone, group_rrsets
from appliance.zones.names import print_domain
from appliance.zones.own_records import check_own_records
from appliance.zones.rdata import target_of

BATCH = 50
"""Zones per run of named-checkzone."""


def check_zones(checked: Sequence[Zone], settings: Settings, store: Store) -> Iterator[tuple[Zone, list[str]]]:
    """Yield each zone with its findings: unreadable rows, broken rules, and what named-checkzone refuses.

    Raise CommandError if named-checkzone is missing or fails to run.
    """
    deployer = settings.deployer
    programs = find_program(deployer.named_checkzone), find_program(deployer.named_checkconf)
    if not settings.dns.nameservers:
        raise SettingsError(
            "dns.nameservers is empty; set it to name=address:port of each nameserver, the primary first"
        )
    checker, apex = ZoneChecker(*programs, deployer.check_timeout), apex_of(settings.dns)
    for start in range(0, len(checked), BATCH):
        batch = checked[start : start + BATCH]
        findings = {zone.name: _own_findings(zone, apex, store) for zone in batch}
        refusals = _refusals([zone for zone in batch if not findings[zone.name]], apex, store, checker)
        for zone in batch:
            refusal = refusals.get(zone.name)
            yield zone, [*findings[zone.name], *([refusal] if refusal else [])]


def hidden_records(context: DoctorContext) -> Iterator[Result]:
    """Check that no zone has records that are not served because another zone of its account answers there."""
    store, servers = Store(context.settings.store.path), apex_of(context.settings.dns).servers
    store.attach()
    with store.connection(), store.reading():
        found = [zone for zone in map(zones.get_any, delegations.of_all()) if occluded(zone, servers)]
    if not found:
        yield ok("no record is hidden by another zone of its account")
    for zone in found:
        domain = print_domain(zone.name)
        repair = (
            f"run dns-appliance zone check {domain}, delete the records that it lists, and add them to the zones that "
            "answer there"
        )
        yield warn(f"zone {domain} has records that are not served: another zone answers for their names", repair)


class WholeZone:
    """All records of a zone, as the rules see them."""

    def __init__(
        self, origin: Name, servers: tuple[Name, ...], stored: Iterable[Record], children: Iterable[Name] = ()
    ) -> None:
        self.origin, self.servers, self._children = origin, servers, frozenset(children)
        self._nodes = group_rrsets(stored)
        self._owners = sorted((name_keys.owner_key(owner, origin), owner) for owner in self._nodes)
        self._keys = [key for key, _ in self._owners]

    @property
    def owners(self) -> Iterable[Name]:
        """Every owner name with records."""
        return self._nodes.keys()

    def nodes(self, owners: Iterable[Name]) -> Mapping[Name, Node]:
        """Return the records of each of these owners."""
        return {owner: self._nodes[owner] for owner in owners if owner in self._nodes}

    def below(self, owner: Name) -> Iterator[tuple[Name, Node]]:
        """Yield the records of each owner below this one."""
        low, high = name_keys.below(name_keys.owner_key(owner, self.origin))
        for _, name in self._owners[bisect_right(self._keys, low) : bisect_left(self._keys, high)]:
            yield name, self._nodes[name]

    def child_zones(self, names: Iterable[Name]) -> Collection[Name]:
        """Return those of these names that are zones of the same account."""
        return self._children.intersection(names)

    def owners_of_ns(self, servers: Iterable[Name]) -> Collection[Name]:
        """Return the owners of the NS records that name one of these nameservers."""
        named, sets = set(servers), ((owner, node.get(RdataType.NS)) for owner, node in self._nodes.items())
        return {owner for owner, rrset in sets if rrset and any(target_of(one.rdata) in named for one in rrset.records)}


def _own_findings(zone: Zone, apex: Apex, store: Store) -> list[str]:
    """Return the findings of the appliance's own rules; for an unreadable row, its error."""
    try:
        with store.reading():
            stored, lines = records.of_zone(zone), records.lines_of(zone)
            children = [delegation.name for delegation in delegations.of_zone(zone)]
        content = WholeZone(zone.name, apex.servers, stored, children)
        return [
            *_bad_lines(stored, lines.text),
            *(finding.detail for finding in rules.check(content, content.owners)),
            *(one.detail for one in check_own_records(content, content.owners, apex.addresses, apex.catalog)),
        ]
    except (ApplianceError, dns.exception.DNSException, KeyError, ValueError) as unreadable:
        return [f"a row cannot be read: {str(unreadable) or type(unreadable).__name__}"]


def _bad_lines(stored: Sequence[Record], lines: str) -> Iterator[str]:
    """Yield a finding for each record whose published line differs from its data."""
    for record, line in zip(stored, lines.split("\n"), strict=False):
        if record_line(record) != line:
            yield f"record {record.uuid} is published as {line!r}, but its data is {record_line(record)!r}"


def _refusals(batch: Sequence[Zone], apex: Apex, store: Store, checker: ZoneChecker) -> Mapping[Name, str]:
    """Return what named-checkzone refuses of these zones, compiled as for publication."""
    if not batch:
        return {}
    with tempfile.TemporaryDirectory(prefix="zone-check-") as folder:
        files, staged, refused = ZoneFiles(Path(folder)), dict[Name, Path](), dict[Name, str]()
        for zone in batch:
            try:
                with store.reading():
                    content = compile_zone(zone, apex).content
                staged[zone.name] = files.stage(zone.uuid, content)
            except (ApplianceError, UnicodeEncodeError) as error:
                refused[zone.name] = f"the zone cannot be compiled: {error}"
        verdicts = checker.check(staged) if staged else {}
    return refused | {name: f"named-checkzone: {verdict}" for name, verdict in verdicts.items()}
