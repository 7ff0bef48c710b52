"""What the nameservers answer beside what the store wants: reachability, catalog, zone files, content."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Iterator
from uuid import UUID

import dns.name
import dns.zone
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.errors import CommandError
from appliance.keys import read_key
from appliance.nameserver.zone_files import ZoneFiles
from appliance.problems import deployer_problem
from appliance.queries.bulk import query_all
from appliance.queries.transfer import axfr
from appliance.render.zone_file import apex_of, zone_file
from appliance.settings import Settings
from appliance.store import deployments, records, zones
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones.catalog import FILE_UUID, member_label
from appliance.zones.deployment import reaches
from appliance.zones.names import print_domain
from appliance.zones.serial import is_later

SECONDS = 1.0
MOST_NAMED = 5
"""Zones that one line names."""

Content = frozenset[tuple[str, int, str, str]]


def primary(site: DoctorContext) -> Iterator[Result]:
    """The primary answers for the catalog, over UDP and TCP."""
    yield from _reach(site, site.settings.dns.nameservers[:1])


def secondaries(site: DoctorContext) -> Iterator[Result]:
    """So does every secondary."""
    yield from _reach(site, site.settings.dns.nameservers[1:])


def deployer(site: DoctorContext) -> Iterator[Result]:
    """It gave a sign of life a moment ago."""
    with _store(site.settings).connection():
        problem = deployer_problem(site.now)
    yield fail(problem.text, problem.remedy) if problem else ok("the deployer turns")


def catalog(site: DoctorContext) -> Iterator[Result]:
    """The catalog's members are the zones that are live: of the others the secondaries would not know."""
    name = dns.name.from_text(site.settings.dns.catalog)
    rows = axfr(site.settings.dns.nameservers[0], name, read_key(site.settings.deployer.transfer_key))
    members = {row.owner.labels[0].decode(): str(row.rdata) for row in rows if row.rdtype == RdataType.PTR}
    with (store := _store(site.settings)).connection(), store.reading():
        known = list(deployments.statuses())
    stray = sorted(members.keys() - set(map(_label, known)))
    missing = [one.name for one in known if _is_live(one) and _label(one) not in members]
    if missing:
        yield fail(f"the catalog lacks {_named(missing)}", "see the log of the deployer for event=catalog-failed")
    if stray:
        strangers = _named(dns.name.from_text(members[label]) for label in stray)
        yield warn(f"the catalog has zones that the store never knew: {strangers}", _STRAY)
    ahead = _ahead_of_the_catalog(site, name)
    for server in ahead:
        yield fail(f"{server.name} has a later catalog than the primary, and learns of no new zone", _TAKEN_OVER)
    if not missing and not stray and not ahead:
        yield ok(f"the catalog has all {len(members)} zones")


def files(site: DoctorContext) -> Iterator[Result]:
    """Each zone file of the sample holds what the store wants, octet for octet; no file is anyone else's."""
    place = ZoneFiles(site.settings.deployer.zone_directory.absolute())
    with (store := _store(site.settings)).connection():
        with store.reading():
            known = list(deployments.statuses())
            unlisted = set(place.zones()) - {one.uuid for one in known} - {FILE_UUID}
            strangers = unlisted - zones.deleted_among(unlisted)
        sample = _sample(site, known)
        differing = [one.name for one in sample if _differs_on_disk(place, one, store, site.settings)]
    if differing:
        yield fail(f"the file is not what the store wants: {_named(differing)}", _REPLACED)
    if strangers:
        first = place.path(min(strangers))
        yield warn(f"{len(strangers)} zone files are of zones that the store never knew: {first}", _STRAY)
    if not differing and not strangers:
        yield ok(f"{len(sample)} zone files are what the store wants")


def answers(site: DoctorContext) -> Iterator[Result]:
    """Every nameserver serves each zone of the sample, with the content that the store wants."""
    servers = site.settings.dns.nameservers
    with (store := _store(site.settings)).connection():
        with store.reading():
            sample = _sample(site, list(deployments.statuses()))
        given = query_all(((server, one.name) for one in sample for server in servers), timeout=SECONDS)
        for server in servers:
            told = [(one, answer) for one in sample if (answer := given[server, one.name])]
            behind = [one.name for one, answer in told if not reaches(answer.serial, one.serial)]
            served = [one for one, answer in told if reaches(answer.serial, one.serial)]
            differing = [one.name for one in served if _differs_in_answers(server, one, store, site.settings)]
            if behind:
                yield fail(f"{server.name} is behind with {_named(behind)}", "see docs/recovery.md")
            if differing:
                yield fail(f"{server.name} serves other content than the store wants: {_named(differing)}", _REWRITE)
            if told and not behind and not differing:
                yield ok(f"{server.name} serves {len(told)} zones as the store wants")


_TAKEN_OVER = "the deployer takes it over within a minute; see its log for event=catalog-unread"
_STRAY = "they are kept and served; see docs/recovery.md, zones that the store does not know"
_REPLACED = "the deployer replaces it within half a minute; see its log for event=file-touched"
_REWRITE = "change any record of the zone: it is then written and loaded anew"


def _ahead_of_the_catalog(site: DoctorContext, catalog: Name) -> list[Nameserver]:
    """Secondaries that outlived their primary: the catalog of a new one begins below theirs."""
    servers = site.settings.dns.nameservers
    given = query_all([(server, catalog) for server in servers], timeout=SECONDS, retries=1)
    serials = {server: answer.serial for (server, _), answer in given.items() if answer and answer.serial is not None}
    own = serials.get(servers[0])
    return [server for server, serial in serials.items() if own is not None and is_later(serial, own)]


def _reach(site: DoctorContext, servers: Iterable[Nameserver]) -> Iterator[Result]:
    name = dns.name.from_text(site.settings.dns.catalog)
    for server in servers:
        answer = query_all([(server, name)], timeout=SECONDS, retries=1)[server, name]
        where = f"{server.name} at {server.endpoint.host} port {server.endpoint.port}"
        if answer is None:
            yield fail(f"{where} does not answer", "see that named runs there, and that no firewall drops UDP")
        elif answer.serial is None:
            yield fail(f"{where} does not serve the catalog", "see its log: a key or an address may be wrong")
        elif not _takes_tcp(server):
            yield fail(f"{where} takes no TCP", "open TCP too: transfers and large answers need it")
        else:
            yield ok(f"{where} answers")


def _takes_tcp(server: Nameserver) -> bool:
    try:
        socket.create_connection((server.endpoint.host, server.endpoint.port), SECONDS).close()
    except OSError:
        return False
    return True


def _store(settings: Settings) -> Store:
    store = Store(settings.store.path, busy_timeout=settings.store.busy_timeout)
    store.attach()
    return store


def _sample(site: DoctorContext, standings: list[ZoneStatus]) -> list[ZoneStatus]:
    """Zones that are live by the deployer's word; those under way are left out."""
    live = [one for one in standings if _is_live(one)]
    if site.sample is None or len(live) <= site.sample:
        return live
    return random.SystemRandom().sample(live, site.sample)


def _is_live(standing: ZoneStatus) -> bool:
    return not standing.deleted and reaches(standing.live_serial, standing.serial)


def _label(standing: ZoneStatus) -> str:
    return member_label(standing.uuid)


def _wanted(uuid: UUID, store: Store, settings: Settings) -> tuple[int, bytes]:
    """The serial and the zone file that the store wants now."""
    with store.reading():
        zone = zones.get_any(uuid)
        lines = records.lines_of(zone)
    return zone.serial, zone_file(zone.name, zone.serial, apex_of(settings.dns), lines.text, lines.count)


def _differs_on_disk(place: ZoneFiles, standing: ZoneStatus, store: Store, settings: Settings) -> bool:
    """A zone that moved on meanwhile differs for a moment, and rightly."""
    serial, content = _wanted(standing.uuid, store, settings)
    path = place.path(standing.uuid)
    return serial == standing.serial and (not path.is_file() or path.read_bytes() != content)


def _differs_in_answers(server: Nameserver, standing: ZoneStatus, store: Store, settings: Settings) -> bool:
    try:
        rows = axfr(server, standing.name, read_key(settings.deployer.transfer_key))
    except CommandError:  # a nameserver that refuses is told of elsewhere
        return False
    served = frozenset((str(row.owner), row.ttl, row.rdtype.name, str(row.rdata)) for row in rows)
    serial, content = _wanted(standing.uuid, store, settings)
    return serial == standing.serial and served != _content(content, standing.name)


def _content(file: bytes, name: Name) -> Content:
    zone = dns.zone.from_text(file.decode(), name, relativize=False)
    return frozenset((str(owner), ttl, rdata.rdtype.name, str(rdata)) for owner, ttl, rdata in zone.iterate_rdatas())


def _named(names: Iterable[Name]) -> str:
    texts = sorted(map(print_domain, names))
    more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    return ", ".join(texts[:MOST_NAMED]) + more
