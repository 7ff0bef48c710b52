"""Why an answer of a zone changes: a code, and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable

from dns.name import Name

from appliance.zones.model import Record
from appliance.zones.names import print_domain
from appliance.zones.zone_answers import Answer, Kind

ANSWER_CHANGES = "answer-changes"
ANSWER_ENDS = "answer-ends"
NEGATIVE_ANSWER_ENDS = "negative-answer-ends"
WILDCARD_BEGINS = "wildcard-begins"
WILDCARD_ENDS = "wildcard-ends"
EMPTY_NON_TERMINAL_BEGINS = "empty-non-terminal-begins"
EMPTY_NON_TERMINAL_ENDS = "empty-non-terminal-ends"
DELEGATION_BEGINS = "delegation-begins"
DELEGATION_CHANGES = "delegation-changes"
DELEGATION_ENDS = "delegation-ends"
HIDDEN_BY_DELEGATION = "hidden-by-delegation"
TARGET_LOSES_ADDRESS = "target-loses-address"

REASONS = (
    *(ANSWER_CHANGES, ANSWER_ENDS, NEGATIVE_ANSWER_ENDS, WILDCARD_BEGINS, WILDCARD_ENDS),
    *(EMPTY_NON_TERMINAL_BEGINS, EMPTY_NON_TERMINAL_ENDS),
    *(DELEGATION_BEGINS, DELEGATION_CHANGES, DELEGATION_ENDS, HIDDEN_BY_DELEGATION, TARGET_LOSES_ADDRESS),
)
"""All codes."""
PLAIN = frozenset({ANSWER_CHANGES, ANSWER_ENDS, NEGATIVE_ANSWER_ENDS})
"""Codes of what the changed records show by themselves."""
MOST_LISTED = 5
"""Records that a sentence names."""

Reason = tuple[str, str]
"""A code, and a sentence without a final dot."""


def reason_of(name: Name, before: Answer, after: Answer, cached_for: int) -> Reason:
    """Return why the answer for the name changes; resolvers may keep the former one for `cached_for` seconds."""
    if Kind.REFERRAL in (before.kind, after.kind):
        return _of_delegation(name, before, after)
    former, latter = _wildcard(name, before), _wildcard(name, after)
    if latter != former:
        return _of_wildcard(name, former, latter)
    return _of_data(_print(name), before, after, cached_for)


def loses_address(target: Name, users: Iterable[Record]) -> Reason:
    """Return the reason for a target of MX, NS or SRV records that no longer has an address."""
    listed = sorted({f"{record.rdtype.name} {print_domain(record.owner)}" for record in users})
    shown = ", ".join(listed[:MOST_LISTED]) + (" and others" if len(listed) > MOST_LISTED else "")
    return _loses_address(target, shown)


def _loses_address(target: Name, users: str) -> Reason:
    return TARGET_LOSES_ADDRESS, f"{print_domain(target)} has no address any longer, and is the target of {users}"


def _of_delegation(name: Name, before: Answer, after: Answer) -> Reason:
    if after.kind is not Kind.REFERRAL:
        return DELEGATION_ENDS, f"{_print(name)}: this zone answers, in place of the zone delegated at {_cut(before)}"
    if before.kind is Kind.REFERRAL:
        lost = [server for server in _glue(before) - _glue(after) if server.to_wire() in after.data[0].wires]
        if lost:
            return _loses_address(min(lost), f"NS {_cut(after)}")
        return DELEGATION_CHANGES, f"{_print(name)}: the delegation has other nameservers, or other addresses of them"
    if before.kind is Kind.DATA:
        return HIDDEN_BY_DELEGATION, f"{_print(name)}: the delegation of {_cut(after)} hides what this zone answered"
    return DELEGATION_BEGINS, f"{_print(name)}: the zone delegated at {_cut(after)} answers"


def _of_wildcard(name: Name, former: Name | None, latter: Name | None) -> Reason:
    if latter is not None:
        wildcard, verb, why, cause = latter, "answers", WILDCARD_BEGINS, ", which no longer exists"
    else:
        wildcard, verb, why, cause = former or name, "no longer answers", WILDCARD_ENDS, ", which exists now"
    return why, f"the wildcard {print_domain(wildcard)} {verb} for {_print(name)}{'' if name == wildcard else cause}"


def _of_data(shown: str, before: Answer, after: Answer, cached_for: int) -> Reason:
    if before.is_negative and after.kind is Kind.DATA:
        kept = f"resolvers that asked before may keep {before.kind.value} for {cached_for} seconds (minimum of the SOA)"
        return NEGATIVE_ANSWER_ENDS, f"{shown} gets an answer; {kept}"
    if after.kind is Kind.NODATA and before.is_negative:
        return EMPTY_NON_TERMINAL_BEGINS, f"{shown} exists, because names below it have records"
    if before.is_negative:
        return EMPTY_NON_TERMINAL_ENDS, f"{shown} no longer exists, because no names below it have records"
    if after.is_negative:
        return ANSWER_ENDS, f"{shown} no longer has an answer"
    return ANSWER_CHANGES, f"{shown} has another answer"


def _wildcard(name: Name, answer: Answer) -> Name | None:
    """Return the wildcard that answers, also for its own name."""
    return name if answer.wildcard is None and name.is_wild() and answer.kind is not Kind.NXDOMAIN else answer.wildcard


def _print(name: Name) -> str:
    return f"names below {print_domain(name.parent())}" if name.is_wild() else print_domain(name)


def _glue(referral: Answer) -> set[Name]:
    return {data.owner for data in referral.data[1:]}


def _cut(referral: Answer) -> str:
    return print_domain(referral.data[0].owner)
