"""MX, NS and SRV records whose target loses its address by a change, which their own answers do not show."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace

from dns.name import Name

from appliance.zones.answer_changes import AnswerChange, changes_between
from appliance.zones.impact_reasons import loses_address
from appliance.zones.model import Record
from appliance.zones.published_zone import Labels, PublishedZone
from appliance.zones.rdata import target_of
from appliance.zones.zone_answers import Answers, Kind
from appliance.zones.zone_cuts import ADDRESSES


def mark_lost_targets(
    before: PublishedZone, after: PublishedZone, changes: Sequence[AnswerChange]
) -> Iterator[AnswerChange]:
    """Yield the changes, with the reason and the names of targets that lose their address.

    A target that a wildcard answered for gets changes of its own.
    """
    lost = _lost_targets(before, after, changes)
    for change in changes:
        yield _marked(change, lost[change.name]) if change.name in lost and _is_losing(change) else change
    for target in lost.keys() - {change.name for change in changes}:
        answers = before.answers(target.labels), after.answers(target.labels)
        own = changes_between(target, *answers, before.negative_ttl)
        yield from (_marked(one, lost[target]) for one in own if _is_losing(one))


def _lost_targets(
    before: PublishedZone, after: PublishedZone, changes: Sequence[AnswerChange]
) -> dict[Name, list[Record]]:
    """Return the targets without an address any longer, and the records that name them."""
    losing = {change.name.labels: change.name for change in changes if _is_losing(change)}
    if not losing:
        return {}
    records = after.view.targets(None if any(name[0] == b"*" for name in losing) else losing.values())
    users: dict[Name, list[Record]] = {}
    for record in records:
        target = target_of(record.rdata)
        if target is not None and target.is_subdomain(after.view.origin):
            users.setdefault(target, []).append(record)
    concerned = [target for target in users if _is_in(target.labels, losing, after)]
    for zone in (before, after):
        zone.load(target.labels for target in concerned)
    return {
        target: users[target]
        for target in concerned
        if _has_address(before.answers(target.labels)) and not _has_address(after.answers(target.labels))
    }


def _is_losing(change: AnswerChange) -> bool:
    is_address = change.rdtype is None or change.rdtype in ADDRESSES
    return is_address and change.before.kind is Kind.DATA and change.after.kind is not Kind.REFERRAL


def _is_in(target: Labels, names: Container[Labels], zone: PublishedZone) -> bool:
    """Return whether the target is one of the names, or below one where a wildcard among them may have answered."""
    return target in names or any((b"*", *name) in names for name in zone.path(target))


def _has_address(answers: Answers) -> bool:
    """Return whether there may be an address: here, behind an alias, or in the zone that is delegated."""
    return answers.other.data != () or any(answers.of(rdtype).kind is Kind.DATA for rdtype in ADDRESSES)


def _marked(change: AnswerChange, users: Sequence[Record]) -> AnswerChange:
    why, detail = loses_address(change.name, users)
    return replace(change, why=why, detail=detail)
