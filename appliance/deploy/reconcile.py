"""The full turn: everything that the store wants beside everything that the nameservers answer.

What a lost byte, a crash or a restarted nameserver left undone is found here, by comparison alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.catalog import members_of
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publications import find_touched
from appliance.deploy.unknown_zones import UnknownZone, find_unknown_zones
from appliance.errors import CommandError
from appliance.nameserver.catalog import notify
from appliance.queries.bulk import query_all
from appliance.queries.soa import SoaQuery, SoaResponse
from appliance.store import deployments, zones
from appliance.store.deployments import ZoneStatus
from appliance.store.file.database import Store
from appliance.zones import deployment
from appliance.zones.catalog import member_label, uuid_of
from appliance.zones.serial import is_ahead, latest

ANSWER_TIMEOUT = 1.0
"""Seconds that one try of a SOA question waits, before it is asked again."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All zones as the store wants them and as they are answered.

    `answers` lacks the zones about which a silent nameserver was not asked.
    `members` are the catalog's on the primary, by label, None when it gives none; `ahead` those of a secondary that is
    ahead of the primary's catalog, None when it tells its serial alone. `deleted` are labels of members whose deletion
    is recorded, `touched` the zones whose file is not as it was published, or was published with another apex than the
    settings now describe.
    """

    nameservers: Sequence[Nameserver]
    catalog: Name
    standings: Sequence[ZoneStatus]
    answers: Mapping[SoaQuery, SoaResponse | None]
    members: Mapping[str, Name] | None
    ahead: Mapping[str, Name] | None = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    strays: Sequence[UnknownZone] = ()
    touched: frozenset[UUID] = frozenset()

    def served(self, zone: Name) -> dict[Nameserver, int | None]:
        """What each nameserver that answered said of the zone."""
        answers = ((server, self.answers.get((server, zone))) for server in self.nameservers)
        return {server: answer.serial for server, answer in answers if answer}

    def reachable(self) -> set[Nameserver]:
        """The nameservers that answered anything."""
        return {server for (server, _), answer in self.answers.items() if answer}

    def lagging(self, standings: Sequence[ZoneStatus]) -> Iterator[SoaQuery]:
        """The secondaries that answered with an older serial of these zones, or none."""
        for standing in standings:
            for server, serial in self.served(standing.name).items():
                if server != self.nameservers[0] and not deployment.reaches(serial, standing.serial):
                    yield server, standing.name

    def lacking(self, standing: ZoneStatus) -> set[Nameserver]:
        """Return the nameservers that did not show the serial of this zone, or nothing at all."""
        served = self.served(standing.name)
        return {one for one in self.nameservers if not deployment.reaches(served.get(one), standing.serial)}

    def is_gone(self, standing: ZoneStatus) -> bool:
        """Return True when the primary, and every other nameserver that answers, has no such zone."""
        served = self.served(standing.name)
        return self.nameservers[0] in served and all(serial is None for serial in served.values())

    def is_missed(self, standing: ZoneStatus) -> bool:
        """True for a member that every secondary answers for, and answers that it has no such zone."""
        served = self.served(standing.name)
        answers = [served.get(server, 0) for server in self.nameservers[1:]]
        member = self.members is not None and member_label(standing.uuid) in self.members
        return member and bool(answers) and all(serial is None for serial in answers)

    def catalog_serials(self) -> tuple[int | None, int | None]:
        """The primary's serial of the catalog, and that of a secondary that is ahead of it."""
        served = self.served(self.catalog)
        own = served.pop(self.nameservers[0], None)
        over = [
            serial for serial in served.values() if own is not None and serial is not None and is_ahead(serial, own)
        ]
        return own, latest(*over) if over else None


@dataclass(slots=True)
class Plan:
    """What is to be done, so that the next picture shows what is wanted."""

    deploy: list[ZoneStatus] = field(default_factory=list)
    withdraw: list[ZoneStatus] = field(default_factory=list)
    removed: list[ZoneStatus] = field(default_factory=list)
    await_secondaries: list[ZoneStatus] = field(default_factory=list)
    live: list[ZoneStatus] = field(default_factory=list)
    ahead: list[tuple[ZoneStatus, int]] = field(default_factory=list)
    rewrite: list[ZoneStatus] = field(default_factory=list)
    join: list[ZoneStatus] = field(default_factory=list)
    leave: dict[str, Name] = field(default_factory=dict)

    @property
    def is_quiet(self) -> bool:
        """True when every zone is where it should be."""
        return not (self.deploy or self.withdraw or self.await_secondaries or self.ahead or self.rewrite)


def take_snapshot(host: PrimaryHost, store: Store, silent: Collection[Nameserver] = ()) -> Snapshot:
    """Read the store, transfer the catalog, and ask every nameserver about every zone, in paced batches.

    All are asked for the catalog first, those in `silent` once; who does not answer is asked nothing more.
    """
    members = members_of(host, host.primary)
    with store.reading():
        standings = list(deployments.statuses())
    answers = query_all(((one, host.catalog) for one in host.nameservers if one not in silent), timeout=ANSWER_TIMEOUT)
    answers |= query_all(((one, host.catalog) for one in silent), timeout=ANSWER_TIMEOUT, retries=0)
    there = [one for one in host.nameservers if answers[one, host.catalog]]
    answers |= query_all(((one, zone.name) for zone in standings for one in there), timeout=ANSWER_TIMEOUT)
    picture = Snapshot(host.nameservers, host.catalog, standings, answers, members)
    _, over = picture.catalog_serials()
    ahead = _members_ahead(host, picture, over) if over is not None else {}
    return _with_store(picture, ahead, host, store)


def notify_all(questions: Iterable[SoaQuery], host: PrimaryHost) -> None:
    """Tell secondaries once more of the catalog and of zones that they are behind with; a silent one is passed over."""
    told: dict[Nameserver, list[Name]] = {}
    for server, zone in questions:
        told.setdefault(server, [host.catalog]).append(zone)
    for server, names in told.items():
        with suppress(CommandError):
            for name in names:
                notify(server.endpoint, name, host.transfer_key)


def plan(picture: Snapshot) -> Plan:
    """What the picture calls for. A catalog member or zone that the store never knew is left alone."""
    result = Plan()
    living = frozenset(one.name for one in picture.standings if not one.deleted)
    for standing in picture.standings:
        answers = [picture.answers.get((server, standing.name)) for server in picture.nameservers]
        if not standing.deleted:
            _plan_zone(result, standing, answers)
        elif standing.name in living or all(answer is not None and answer.serial is None for answer in answers):
            result.removed.append(standing)
        else:
            result.withdraw.append(standing)
    members = picture.members or {}
    # a zone joins the catalog when the primary serves it: until then the secondaries would ask in vain
    served = (*result.live, *result.await_secondaries)
    result.rewrite = [one for one in served if one.uuid in picture.touched]
    result.join = [one for one in served if member_label(one.uuid) not in members]
    result.leave = {label: name for label, name in members.items() if label in picture.deleted}
    return result


def adopted(picture: Snapshot) -> dict[str, Name]:
    """The members of a secondary ahead that the primary's catalog takes over: all but deleted and made-again zones."""
    living = {one.name for one in picture.standings if not one.deleted}
    known = {member_label(one.uuid) for one in picture.standings if not one.deleted}
    return {
        label: name
        for label, name in (picture.ahead or {}).items()
        if label not in picture.deleted and (name not in living or label in known)
    }


def _plan_zone(result: Plan, standing: ZoneStatus, answers: Sequence[SoaResponse | None]) -> None:
    """A zone is lifted over a nameserver that is ahead once those that are not have what the store has now.

    A serial that is served and was never handed over is another store's: it says nothing of the content.
    """
    serials = [answer.serial if answer else None for answer in answers]
    ahead = [serial for serial in serials if serial is not None and is_ahead(serial, standing.serial)]
    behind = [answer for answer in answers if answer and answer.serial not in (standing.serial, *ahead)]
    reached = [deployment.reaches(serial, standing.serial) for serial in serials]
    if ahead and not behind:
        result.ahead.append((standing, latest(*ahead)))
    elif not reached[0] or serials[0] in ahead or standing.attempted != standing.serial:
        result.deploy.append(standing)
    elif not all(reached) or ahead:
        result.await_secondaries.append(standing)
    else:
        result.live.append(standing)


def _members_ahead(host: PrimaryHost, picture: Snapshot, over: int) -> dict[str, Name] | None:
    for server, serial in picture.served(host.catalog).items():
        if serial == over and server != host.primary:
            return members_of(host, server)
    return {}


def _with_store(picture: Snapshot, ahead: Mapping[str, Name] | None, host: PrimaryHost, store: Store) -> Snapshot:
    """The picture with what the store says of members and files: deleted long ago, never known, or touched."""
    members = {**(picture.members or {}), **(ahead or {})}
    present = {member_label(one.uuid) for one in picture.standings}
    files = [uuid for uuid in host.files.zones() if member_label(uuid) not in present]
    others = [uuid for label in members if label not in present and (uuid := uuid_of(label))]
    with store.reading():
        gone = zones.deleted_among([*others, *files])
    known = [*(one.uuid for one in picture.standings), *gone]
    living = [one.name for one in picture.standings if not one.deleted]
    deleted = {member_label(one.uuid) for one in picture.standings if one.deleted} | set(map(member_label, gone))
    strays = find_unknown_zones(host, members, known, living)
    touched = find_touched((one for one in picture.standings if not one.deleted), host, store)
    return replace(picture, ahead=ahead, deleted=frozenset(deleted), strays=strays, touched=touched)
