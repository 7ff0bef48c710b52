"""Compare everything that the store holds with everything that the nameservers answer.

This finds what a lost wakeup, a crash or a restarted nameserver left undone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from dns.name import Name
from dns.rcode import Rcode

from appliance.addresses import Nameserver
from appliance.deploy.catalog import members_of
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.publications import Delegated, FileChanges, delegations_of, find_changes
from appliance.deploy.publishing.publisher import Expectation, Expected
from appliance.deploy.unknown_zones import UnknownZone, find_unknown_zones
from appliance.queries.bulk import query_all
from appliance.queries.soa import SoaQuery, SoaResponse
from appliance.store import deployments, former_zones, zones
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones.catalog import member_label, uuid_of
from appliance.zones.deployment import Method, Publication, reaches
from appliance.zones.serial import is_ahead, latest

ANSWER_TIMEOUT = 1.0
"""Seconds to wait for the answer to a SOA query before it is sent again."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All zones as the store holds them and as the nameservers answer for them.

    `answers` lacks the zones for which a silent nameserver was not queried. `members` are the catalog's on the primary,
    by label, None if it could not be read; `ahead` those of a secondary that is ahead of the primary's catalog, None if
    only its serial could be read. `deleted` are labels of members whose deletion is recorded. `unknown` are zones that
    are served but not in the database. `files` are zones whose file is not as it was published, or as it would be now.
    """

    nameservers: Sequence[Nameserver]
    catalog: Name
    statuses: Sequence[ZoneStatus]
    answers: Mapping[SoaQuery, SoaResponse | None]
    members: Mapping[str, Name] | None
    expected: Expected
    ahead: Mapping[str, Name] | None = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    unknown: Sequence[UnknownZone] = ()
    files: FileChanges = field(default_factory=FileChanges)

    def answers_for(self, zone: Name) -> dict[Nameserver, SoaResponse]:
        """Return what each nameserver answered for the zone; one that did not answer is missing."""
        answers = ((server, self.answers.get((server, zone))) for server in self.nameservers)
        return {server: answer for server, answer in answers if answer}

    def is_met(self, status: ZoneStatus, server: Nameserver) -> bool:
        """Return True if the nameserver answered as expected for the zone, or for its removal."""
        answer = self.answers.get((server, status.name))
        return answer is not None and self._expectation(status, server).is_met_by(answer)

    def is_ahead(self, status: ZoneStatus, server: Nameserver) -> bool:
        """Return True if the nameserver serves something later, and would not accept the zone's content."""
        answer = self.answers.get((server, status.name))
        return answer is not None and self._expectation(status, server).is_ahead(answer)

    def _expectation(self, status: ZoneStatus, server: Nameserver) -> Expectation:
        return self.expected(None if status.deleted else status.serial, server)

    def reachable(self) -> set[Nameserver]:
        """Return the nameservers that answered anything."""
        return {server for (server, _), answer in self.answers.items() if answer}

    def confirmed(self) -> set[Nameserver]:
        """Return the nameservers that answered for zones, and not for the catalog alone."""
        return {server for (server, name), answer in self.answers.items() if answer and name != self.catalog}

    def unanswered(self, servers: Collection[Nameserver]) -> Iterator[tuple[UUID, set[Nameserver]]]:
        """Yield the zones that some of these nameservers left unanswered, with these nameservers."""
        for status in self.statuses:
            missing = {one for one in servers if not self.answers.get((one, status.name))}
            if missing:
                yield status.uuid, missing

    def lagging(self, statuses: Sequence[ZoneStatus]) -> Iterator[SoaQuery]:
        """Yield the secondaries that answered, and not as expected for these zones."""
        for status in statuses:
            for server in self.answers_for(status.name):
                if server != self.nameservers[0] and not self.is_met(status, server):
                    yield server, status.name

    def lacking(self, status: ZoneStatus) -> set[Nameserver]:
        """Return the nameservers that did not answer as expected for the zone, or did not answer."""
        return {server for server in self.nameservers if not self.is_met(status, server)}

    def is_gone(self, status: ZoneStatus) -> bool:
        """Return True if the primary, and every other nameserver that answers, has no such zone."""
        answers = self.answers_for(status.name)
        return self.nameservers[0] in answers and all(answer.serial is None for answer in answers.values())

    def is_missed(self, status: ZoneStatus) -> bool:
        """Return True for a member of the catalog if every secondary has that, and answers that it has no such zone.

        SERVFAIL says that it has the zone, and has not transferred it yet.
        """
        if not all(map(self._has_catalog, self.nameservers)):
            return False  # it has yet to transfer the catalog, as a new one
        answers = [self.answers.get((server, status.name)) for server in self.nameservers[1:]]
        is_member = self.members is not None and member_label(status.uuid) in self.members
        if status.signed and any(answer and answer.rcode == Rcode.NOERROR for answer in answers):
            return False  # it still serves the zone as it was before it was signed
        return is_member and bool(answers) and all(answer is not None and _is_unknown(answer) for answer in answers)

    def _has_catalog(self, server: Nameserver) -> bool:
        """Return True if the nameserver has the catalog of the primary, or a later one."""
        own, answer = (self.answers.get((one, self.catalog)) for one in (self.nameservers[0], server))
        if own is None or answer is None or own.serial is None:
            return False
        return reaches(answer.serial, own.serial)

    def catalog_serials(self) -> tuple[int | None, int | None]:
        """Return the catalog's serial on the primary, and that of a secondary which is ahead of it."""
        served = {server: answer.serial for server, answer in self.answers_for(self.catalog).items()}
        own = served.pop(self.nameservers[0], None)
        over = [
            serial for serial in served.values() if own is not None and serial is not None and is_ahead(serial, own)
        ]
        return own, latest(*over) if over else None


def _is_unknown(answer: SoaResponse) -> bool:
    return answer.serial is None and answer.rcode != Rcode.SERVFAIL


@dataclass(slots=True)
class Plan:
    """What is to be done so that the nameservers serve what the store holds.

    `doubtful` are zones that must be compared as a whole, `behind` those whose file is older than what is served.
    """

    deploy: list[ZoneStatus] = field(default_factory=list)
    withdraw: list[ZoneStatus] = field(default_factory=list)
    removed: list[ZoneStatus] = field(default_factory=list)
    await_secondaries: list[ZoneStatus] = field(default_factory=list)
    live: list[ZoneStatus] = field(default_factory=list)
    ahead: list[tuple[ZoneStatus, int]] = field(default_factory=list)
    rewrite: list[ZoneStatus] = field(default_factory=list)
    doubtful: list[ZoneStatus] = field(default_factory=list)
    behind: list[ZoneStatus] = field(default_factory=list)
    proven: list[ZoneStatus] = field(default_factory=list)
    join: list[ZoneStatus] = field(default_factory=list)
    leave: dict[str, Name] = field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """Return True if nothing is to be deployed, withdrawn, awaited, raised, written again, listed or unlisted."""
        is_served = not (self.deploy or self.withdraw or self.await_secondaries or self.ahead or self.rewrite)
        return is_served and not (self.join or self.leave)


def take_snapshot(host: PrimaryHost, store: Store, expected: Expected, silent: Collection[Nameserver] = ()) -> Snapshot:
    """Read the store, transfer the catalog, and query every nameserver for every zone, in paced batches.

    All nameservers are queried for the catalog first, those in `silent` once; one that does not answer is not queried
    further. The primary comes last: an update between its answer and that of a secondary would make that seem ahead.
    """
    members = members_of(host, host.primary)
    with store.reading():
        statuses = list(deployments.statuses())
        delegated = delegations_of(host)
    answers: dict[SoaQuery, SoaResponse | None] = {}
    for servers in (host.secondaries, (host.primary,)):
        queries = [(one, host.catalog) for one in servers]
        answers |= query_all((one for one in queries if one[0] in silent), timeout=ANSWER_TIMEOUT, retries=0)
        answers |= query_all((one for one in queries if one[0] not in silent), timeout=ANSWER_TIMEOUT)
    answering = [one for one in host.nameservers if answers[one, host.catalog]]
    signed = {zone.name for zone in statuses if zone.signed and not zone.deleted}
    answers |= query_all(
        ((one, zone.name) for zone in statuses for one in answering), timeout=ANSWER_TIMEOUT, signed=signed
    )
    listed = _with_names_of(statuses, members)
    snapshot = Snapshot(host.nameservers, host.catalog, statuses, answers, listed, expected)
    _, over = snapshot.catalog_serials()
    ahead = _members_ahead(host, snapshot, over) if over is not None else {}
    return _with_store(snapshot, ahead, delegated, host, store)


def _with_names_of(statuses: Iterable[ZoneStatus], members: Mapping[str, Name] | None) -> Mapping[str, Name] | None:
    """Return the members with the name objects of their zones, which keep their hash."""
    if members is None:
        return None
    names = {member_label(one.uuid): one.name for one in statuses}
    return {label: names[label] if names.get(label) == name else name for label, name in members.items()}


def plan(snapshot: Snapshot) -> Plan:
    """Return what the snapshot requires. A catalog member or zone that is not in the database is left alone."""
    result = Plan()
    living = frozenset(one.name for one in snapshot.statuses if not one.deleted)
    for status in snapshot.statuses:
        if not status.deleted:
            _plan_zone(result, snapshot, status)
        elif status.name in living or not snapshot.lacking(status):
            result.removed.append(status)
        else:
            result.withdraw.append(status)
    members = snapshot.members or {}
    # a zone joins the catalog when the primary serves it: before, secondaries could not transfer it
    served = (*result.live, *result.await_secondaries)
    result.rewrite = [one for one in served if one.uuid in snapshot.files.altered]
    result.doubtful = [one for one in served if _is_doubtful(snapshot, one)]
    result.proven = [one for one in served if _is_loaded_file(snapshot, one)]
    result.behind = [one for one in served if one.published and one.published.serial != one.serial]
    result.join = [one for one in served if member_label(one.uuid) not in members]
    result.leave = {label: name for label, name in members.items() if label in snapshot.deleted}
    return result


def is_handed_over(status: ZoneStatus) -> bool:
    """Return True if the primary was handed the zone as it is, and nothing is left to be proven."""
    has_reached_it = status.proven == status.serial or _is_file(status.published, status)
    return status.attempted == status.serial and not _is_unproven(status) and (has_reached_it or not status.error)


def adopted(snapshot: Snapshot) -> dict[str, Name]:
    """Return the members of a secondary ahead that the catalog adopts: all but deleted and re-created zones."""
    living = {one.name for one in snapshot.statuses if not one.deleted}
    known = {member_label(one.uuid) for one in snapshot.statuses if not one.deleted}
    return {
        label: name
        for label, name in (snapshot.ahead or {}).items()
        if label not in snapshot.deleted and (name not in living or label in known)
    }


def _plan_zone(result: Plan, snapshot: Snapshot, status: ZoneStatus) -> None:
    """Add the zone to the lists that it belongs to.

    Its serial is raised over that of a nameserver that is ahead once all others that answer serve what the store has.
    A serial that is served and was never handed over comes from another store and says nothing about the content.
    """
    primary = snapshot.nameservers[0]
    met = {server for server in snapshot.nameservers if snapshot.is_met(status, server)}
    ahead = [server for server in snapshot.nameservers if snapshot.is_ahead(status, server)]
    answers = snapshot.answers_for(status.name)
    if ahead and not answers.keys() - met - set(ahead):
        result.ahead.append((status, latest(*(answers[server].serial or 0 for server in ahead))))
    elif primary not in met or primary in ahead or status.attempted != status.serial or _is_unproven(status):
        result.deploy.append(status)
    elif ahead or len(met) < len(snapshot.nameservers):
        result.await_secondaries.append(status)
    else:
        result.live.append(status)


def _is_unproven(status: ZoneStatus) -> bool:
    """Return True if the primary's content was proven before the last update alone."""
    return status.proven not in (None, status.serial)


def _is_loaded_file(snapshot: Snapshot, status: ZoneStatus) -> bool:
    """Return True if the primary serves the serial of the zone's file, and nothing else was published since."""
    published, files = status.published, snapshot.files
    is_untouched = status.uuid not in files.altered and status.uuid not in files.doubtful
    return _is_file(published, status) and is_untouched and status.proven is None and _serves_exactly(snapshot, status)


def _is_doubtful(snapshot: Snapshot, status: ZoneStatus) -> bool:
    """Return True if only a comparison of the whole zone shows whether the primary's content is that of the store.

    That is a zone whose file somebody else wrote, and one that serves its serial although neither a file nor a proof
    says with which content.
    """
    is_unknown = status.proven is None and status.published is not None and not _is_file(status.published, status)
    return status.uuid in snapshot.files.doubtful or (is_unknown and _serves_exactly(snapshot, status))


def _is_file(published: Publication | None, status: ZoneStatus) -> bool:
    return published is not None and published.method is Method.FILE and published.serial == status.serial


def _serves_exactly(snapshot: Snapshot, status: ZoneStatus) -> bool:
    answer = snapshot.answers.get((snapshot.nameservers[0], status.name))
    return answer is not None and answer.serial == status.serial


def _members_ahead(host: PrimaryHost, snapshot: Snapshot, over: int) -> dict[str, Name] | None:
    for server, answer in snapshot.answers_for(host.catalog).items():
        if answer.serial == over and server != host.primary:
            return members_of(host, server)
    return {}


def _with_store(
    snapshot: Snapshot, ahead: Mapping[str, Name] | None, delegated: Delegated, host: PrimaryHost, store: Store
) -> Snapshot:
    """Add what the store says of members and files: deleted long ago, not in the database, or altered."""
    members = {**(snapshot.members or {}), **(ahead or {})}
    present = {one.uuid for one in snapshot.statuses}
    labels, files = set(map(member_label, present)), host.files.zones()
    others = [uuid for label in members if label not in labels and (uuid := uuid_of(label))]
    others += (uuid for uuid in files if uuid not in present)
    with store.reading():  # again: zones have been created since
        gone, known = former_zones.among(others), zones.known(others)
    living = [one.name for one in snapshot.statuses if not one.deleted]
    deleted = {member_label(one.uuid) for one in snapshot.statuses if one.deleted} | set(map(member_label, gone))
    unknown = find_unknown_zones(host, members, files, present.union(known), living)
    files_changed = find_changes((one for one in snapshot.statuses if not one.deleted), delegated, host, store)
    return replace(snapshot, ahead=ahead, deleted=frozenset(deleted), unknown=unknown, files=files_changed)
