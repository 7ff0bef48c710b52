"""The full turn: everything that the store wants beside everything that the nameservers answer.

What a lost byte, a crash or a restarted nameserver left undone is found here, by comparison alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.deploy.host import Host
from appliance.errors import CommandError
from appliance.nameserver.catalog import notify
from appliance.questions.many import ask_all
from appliance.questions.soa import Answer, Nameserver, Question
from appliance.questions.transfer import axfr
from appliance.store import outcomes, zones
from appliance.store.database import Store
from appliance.store.outcomes import Standing
from appliance.zones import deployment
from appliance.zones.catalog import member_label
from appliance.zones.serial import is_later

_OUR_LABEL = re.compile("[0-9a-f]{32}")

ANSWER_TIMEOUT = 1.0
"""Seconds that one try of a SOA question waits, before it is asked again."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All zones as the store wants them and as they are answered; `members` are the catalog's, by label."""

    nameservers: Sequence[Nameserver]
    standings: Sequence[Standing]
    answers: Mapping[Question, Answer | None]
    members: Mapping[str, Name]
    stray: Mapping[str, Name]

    def served(self, zone: Name) -> dict[Nameserver, int | None]:
        """What each nameserver that answered said of the zone."""
        answers = ((server, self.answers.get((server, zone))) for server in self.nameservers)
        return {server: answer.serial for server, answer in answers if answer}

    def catalog_ahead(self, catalog: Name) -> int | None:
        """The catalog's serial at a secondary whose is later than the primary's, as after the loss of its file."""
        served = self.served(catalog)
        own = served.pop(self.nameservers[0], None)
        ahead = [one for one in served.values() if own is not None and one is not None and is_later(one, own)]
        return max(ahead, default=None)

    def reachable(self) -> set[Nameserver]:
        """The nameservers that answered anything."""
        return {server for (server, _), answer in self.answers.items() if answer}

    def lagging(self, standings: Sequence[Standing]) -> Iterator[Question]:
        """The secondaries that answered with an older serial of these zones, or none."""
        for standing in standings:
            for server in self.nameservers[1:]:
                answer = self.answers[server, standing.name]
                if answer and not deployment.reaches(answer.serial, standing.serial):
                    yield server, standing.name


@dataclass(slots=True)
class Plan:
    """What is to be done, so that the next picture shows what is wanted."""

    deploy: list[Standing] = field(default_factory=list)
    withdraw: list[Standing] = field(default_factory=list)
    removed: list[Standing] = field(default_factory=list)
    await_secondaries: list[Standing] = field(default_factory=list)
    live: list[Standing] = field(default_factory=list)
    ahead: list[tuple[Standing, int]] = field(default_factory=list)
    join: list[Standing] = field(default_factory=list)
    leave: dict[str, Name] = field(default_factory=dict)


def take_picture(host: Host, store: Store) -> Picture:
    """Read the store, transfer the catalog, and ask every nameserver about every zone, in paced batches."""
    members = catalog_members(host)
    with store.reading():
        standings = outcomes.standings()
        known = {member_label(one.uuid) for one in standings}
        stray = {label: name for label, name in members.items() if label not in known}
        deleted = zones.deleted_among(_uuids(stray))
    names = [host.catalog, *(one.name for one in standings)]
    answers = ask_all(((server, name) for name in names for server in host.nameservers), timeout=ANSWER_TIMEOUT)
    return Picture(
        host.nameservers, standings, answers, members, {label: stray[label] for label in map(member_label, deleted)}
    )


def notify_all(questions: Iterable[Question], host: Host) -> None:
    """Tell secondaries once more of the catalog and of zones that they are behind with; a silent one is passed over."""
    told: dict[Nameserver, list[Name]] = {}
    for server, zone in questions:
        told.setdefault(server, [host.catalog]).append(zone)
    for server, names in told.items():
        with suppress(CommandError):
            for name in names:
                notify(server.address, server.port, name, host.transfer_key)


def catalog_members(host: Host) -> dict[str, Name]:
    """The members of the catalog as the primary serves it, by label."""
    rows = axfr(host.primary, host.catalog, host.transfer_key)
    return {
        row.owner.labels[0].decode(): row.rdata.target  # type: ignore[attr-defined]
        for row in rows
        if row.rdtype == RdataType.PTR
    }


def plan(picture: Picture) -> Plan:
    """What the picture calls for. A catalog member or zone that the store never knew is left alone."""
    result = Plan()
    living = frozenset(one.name for one in picture.standings if not one.deleted)
    for standing in picture.standings:
        answers = [picture.answers[server, standing.name] for server in picture.nameservers]
        if not standing.deleted:
            _plan_zone(result, standing, answers)
        elif standing.name in living or all(answer is not None and answer.serial is None for answer in answers):
            result.removed.append(standing)
        else:
            result.withdraw.append(standing)
    # a zone joins the catalog when the primary serves it: until then the secondaries would ask in vain
    served = (*result.live, *result.await_secondaries)
    result.join = [one for one in served if member_label(one.uuid) not in picture.members]
    deleted = {member_label(one.uuid) for one in picture.standings if one.deleted}
    result.leave = {
        label: name for label, name in picture.members.items() if label in deleted or label in picture.stray
    }
    return result


def _plan_zone(result: Plan, standing: Standing, answers: Sequence[Answer | None]) -> None:
    serials = [answer.serial if answer else None for answer in answers]
    ahead = [serial for serial in serials if serial is not None and is_later(serial, standing.serial)]
    reached = [deployment.reaches(serial, standing.serial) for serial in serials]
    if ahead:
        result.ahead.append((standing, max(ahead)))
    elif not reached[0]:
        result.deploy.append(standing)
    elif not all(reached):
        result.await_secondaries.append(standing)
    else:
        result.live.append(standing)


def _uuids(labels: Iterable[str]) -> list[UUID]:
    """The uuids that stand behind labels of ours; a label of any other form is not one."""
    return [UUID(label) for label in labels if _OUR_LABEL.fullmatch(label)]
