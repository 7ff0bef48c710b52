"""Compare what the nameservers answer with the store: catalog, zone files, content."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from uuid import UUID

import dns.name
import dns.zone
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.compiler import compile_zone
from appliance.deploy.verification.whole_zone import ContentMatch, StoredContent, ToCompare, compare_zones
from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.keys import read_key
from appliance.nameserver.control import Control, ZoneState
from appliance.nameserver.isccc import RndcConnection
from appliance.nameserver.zone_files import ZoneFiles
from appliance.problems import LATE_AFTER, MOST_NAMED, deployer_problem, find_problems
from appliance.queries.bulk import query_all
from appliance.queries.transfer import axfr
from appliance.render.zone_file import apex_of, digest_of
from appliance.settings import Settings
from appliance.store import deployments, statistics, zones
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones.catalog import FILE_UUID, member_label
from appliance.zones.deployment import reaches
from appliance.zones.names import print_domain
from appliance.zones.serial import is_later

SECONDS = 1.0
CONTROL_SECONDS = 5.0
MAX_NAMES = 5
"""Zones named in one line."""

Content = frozenset[tuple[str, int, str, str]]


def deployer(context: DoctorContext) -> Iterator[Result]:
    """Check that the deployer wrote a recent heartbeat."""
    with _store(context.settings).connection():
        problem = deployer_problem(context.now)
    yield fail(problem.text, problem.remedy) if problem else ok("the deployer is running")


def problems(context: DoctorContext) -> Iterator[Result]:
    """Report every problem that `status` reports, but for deployer and listener, which have checks of their own."""
    names = [server.name for server in context.settings.dns.nameservers]
    with _store(context.settings).connection():
        found = [one for one in find_problems(names, context.now) if one.kind not in ("deployer", "updates")]
    for problem in found:
        yield (warn if problem.kind in _NO_FAILURES else fail)(problem.text, problem.remedy)
    if not found:
        yield ok("the service has no other problems")


def catalog(context: DoctorContext) -> Iterator[Result]:
    """Check that every live zone is a member of the catalog zone, and every member a zone of the store."""
    name = dns.name.from_text(context.settings.dns.catalog)
    rows = axfr(context.settings.dns.nameservers[0], name, read_key(context.settings.deployer.transfer_key))
    members = {row.owner.labels[0].decode(): str(row.rdata) for row in rows if row.rdtype == RdataType.PTR}
    with (store := _store(context.settings)).connection(), store.reading():
        known = list(deployments.statuses())
    unknown = sorted(members.keys() - set(map(_label, known)))
    missing = [one.name for one in known if _is_live(one) and _label(one) not in members]
    if missing:
        yield fail(
            f"missing from the catalog zone: {_join(missing)}", "read the deployer's log for event=catalog-failed"
        )
    if unknown:
        names = _join(dns.name.from_text(members[label]) for label in unknown)
        yield warn(f"in the catalog zone but not in the database: {names}", _UNKNOWN)
    ahead = _ahead_of_primary(context, name)
    for server in ahead:
        yield fail(f"{server.name} has a later catalog serial than the primary and gets no new zones", _TAKEOVER)
    if not missing and not unknown and not ahead:
        yield ok(f"the catalog zone lists all {len(members)} zones")


def files(context: DoctorContext) -> Iterator[Result]:
    """Check that each zone file of the sample equals the store's, or is older and has a journal beside it.

    Every file must belong to a zone.
    """
    zone_files = ZoneFiles(context.settings.deployer.zone_directory.absolute())
    with (store := _store(context.settings)).connection():
        with store.reading():
            known = list(deployments.statuses())
            unlisted = set(zone_files.zones()) - {one.uuid for one in known} - {FILE_UUID}
            unknown = unlisted - zones.known(unlisted)
        sample = _sample(context, known)
        differing = [one.name for one in sample if _differs_on_disk(zone_files, one, store, context.settings)]
    if context.zone is not None and not sample:
        yield fail(
            f"no zone {print_domain(context.zone)} is in the database", "dns-appliance zone list shows all zones"
        )
    if differing:
        yield fail(f"zone file differs from the database: {_join(differing)}", _REPLACED)
    if unknown:
        first = zone_files.path(min(unknown))
        yield warn(f"{len(unknown)} zone files of zones that are not in the database, such as {first}", _UNKNOWN)
    if not differing and not unknown:
        yield ok(f"{len(sample)} zone files match the database")


def answers(context: DoctorContext) -> Iterator[Result]:
    """Check that every nameserver serves each zone of the sample, and each that should be live by now, as stored."""
    servers = context.settings.dns.nameservers
    with (store := _store(context.settings)).connection():
        with store.reading():
            sample = _sample(context, list(deployments.statuses()))
        queries = ((server, one.name) for one in sample for server in servers)
        replies = query_all(queries, timeout=SECONDS, signed={one.name for one in sample if one.signed})
        for server in servers:
            answered = [(one, answer) for one in sample if (answer := replies[server, one.name])]
            lagging = [one.name for one, answer in answered if not reaches(answer.serial, one.serial)]
            served = [one for one, answer in answered if reaches(answer.serial, one.serial)]
            differing = _differing(server, served, store, context.settings)
            if lagging:
                yield fail(f"{server.name} is lagging for {_join(lagging)}", "see docs/recovery.md, nameservers")
            if differing:
                yield fail(f"{server.name} serves content that differs from the database: {_join(differing)}", _REWRITE)
            if answered and not lagging and not differing:
                yield ok(f"{server.name} serves {len(answered)} zones as in the database")


def suspended(context: DoctorContext, sleep: Callable[[float], object] = time.sleep) -> Iterator[Result]:
    """Check that the primary accepts updates of each zone of the sample; a file that is being published passes."""
    deployer = context.settings.deployer
    with (store := _store(context.settings)).connection(), store.reading():
        names = [one.name for one in _sample(context, list(deployments.statuses()))]
    with closing(RndcConnection(deployer.control, read_key(deployer.control_key), CONTROL_SECONDS)) as connection:
        control = Control(connection)
        states = _states(names, control)
        sleep(SECONDS if any(state.suspended for state in states.values()) else 0.0)
        found = _states([name for name, state in states.items() if state.suspended], control)
    frozen = [name for name, state in found.items() if state.suspended]
    static = [name for name, state in states.items() if not state.dynamic and not state.signed]
    if frozen:
        yield warn(f"updates are suspended, as after rndc freeze: {_join(frozen)}", _SUSPENDED)
    if static:
        yield warn(f"{context.settings.dns.nameservers[0].name} allows no updates of {_join(static)}", _STATIC)
    if not frozen and not static:
        yield ok(f"the primary accepts updates of {len(names)} zones")


def _states(names: Iterable[Name], control: Control) -> dict[Name, ZoneState]:
    return {name: state for name in names if (state := control.zone_state(name))}


_NO_FAILURES = frozenset({"unknown-zone", "key-not-backed-up", "parent-unknown", "signatures-old"})
"""Kinds of problems with which everything is still served as it should be."""
_STATIC = (
    "every change is published as a file; run the playbook, or install named.conf again (dns-appliance host named-conf "
    "prints it) and reload named"
)
_SUSPENDED = "rndc thaw ZONE; the next change of the zone ends it too, and is published as a file"
_TAKEOVER = "the deployer raises the primary's serial within a minute; if not, read its log for event=catalog-unread"
_UNKNOWN = "they are kept and served; see docs/recovery.md, unknown zones"
_REPLACED = (
    "wait: the deployer replaces the file within 30 s (deployer.reconcile_interval); if it does not, read its log for "
    "event=file-touched"
)
_REWRITE = (
    "if a zone file was edited, the deployer replaces it within 30 s (deployer.reconcile_interval): run doctor again. "
    "If the content still differs, change any record of the zone: its file is then written and loaded again"
)


def _ahead_of_primary(context: DoctorContext, catalog: Name) -> list[Nameserver]:
    """Return the secondaries whose catalog serial is later than the primary's, as after its replacement."""
    servers = context.settings.dns.nameservers
    replies = query_all([(server, catalog) for server in servers], timeout=SECONDS, retries=1)
    serials = {server: answer.serial for (server, _), answer in replies.items() if answer and answer.serial is not None}
    own = serials.get(servers[0])
    return [server for server, serial in serials.items() if own is not None and is_later(serial, own)]


def _store(settings: Settings) -> Store:
    store = Store(settings.store.path, busy_timeout=settings.store.busy_timeout)
    store.attach()
    return store


def _sample(context: DoctorContext, statuses: list[ZoneStatus]) -> list[ZoneStatus]:
    """Return up to `sample` random zones that the deployer reports live, and those that should be live by now.

    Return the one that `zone` names instead, if it does.
    """
    if context.zone is not None:
        return [one for one in statuses if one.name == context.zone and not one.deleted]
    live = [one for one in statuses if _is_live(one)]
    queued_at = {late.name: late.queued_at for late in statistics.late_zones(MOST_NAMED) if not late.deleted}
    late = [name for name, moment in queued_at.items() if abs(context.now - moment) > LATE_AFTER]
    others = [one for one in statuses if not one.deleted and one.name in late]
    if context.sample is None or len(live) <= context.sample:
        return live + others
    return random.SystemRandom().sample(live, context.sample) + others


def _is_live(status: ZoneStatus) -> bool:
    return not status.deleted and reaches(status.live_serial, status.serial)


def _label(status: ZoneStatus) -> str:
    return member_label(status.uuid)


def _expected(uuid: UUID, store: Store, settings: Settings) -> tuple[int, bytes]:
    """Return the serial and the zone file as the store has them now."""
    with store.reading():
        zone = zones.get_any(uuid)
        return zone.serial, compile_zone(zone, apex_of(settings.dns)).content


def _differs_on_disk(zone_files: ZoneFiles, status: ZoneStatus, store: Store, settings: Settings) -> bool:
    """Return True if the file differs, unless the zone has changed since its status was read.

    A file may be older than what is served: with named's journal it holds that too. A file that named has written
    itself may be written differently, but must have the same records.
    """
    serial, content = _expected(status.uuid, store, settings)
    if serial != status.serial:
        return False
    live, head = zone_files.read_live(status.uuid), zone_files.head(status.uuid)
    if head is not None and head.serial != serial and zone_files.journal_size(status.uuid):
        is_published = status.published is not None and status.published.digest == digest_of(live)
        return not (is_published or head.by_named)
    if head is not None and head.by_named:
        return _content(live, status.name) != _content(content, status.name)
    return live != content


def _differing(server: Nameserver, served: Iterable[ZoneStatus], store: Store, settings: Settings) -> list[Name]:
    """Return the zones that the nameserver serves with other content; one that it does not transfer is left out."""
    names = {one.uuid: one.name for one in served}
    source = StoredContent(settings.store.path, apex_of(settings.dns), read_key(settings.deployer.transfer_key))
    found = compare_zones([ToCompare(uuid, [server]) for uuid in names], source, store)
    return [names[one.uuid] for one in found if one.verdict is ContentMatch.DIFFERS]


def _content(file: bytes, name: Name) -> Content:
    zone = dns.zone.from_text(file.decode(), name, relativize=False)
    return frozenset((str(owner), ttl, rdata.rdtype.name, str(rdata)) for owner, ttl, rdata in zone.iterate_rdatas())


def _join(names: Iterable[Name]) -> str:
    texts = sorted(map(print_domain, names))
    more = f" and {len(texts) - MAX_NAMES} more" if len(texts) > MAX_NAMES else ""
    return ", ".join(texts[:MAX_NAMES]) + more
