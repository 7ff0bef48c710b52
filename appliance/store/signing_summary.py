"""The DNSSEC of all zones for health and metrics: states, problems, and what expires first.

The deployer stores state and problems of a zone at the end of each check, so they are as old as that. What depends on
the time, or on backups, is read as it is now. Only numbers by state read a row of each signed zone.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import peewee as pw
from dns.name import Name

from appliance.store import name_keys, tables
from appliance.zones.model import Zone
from appliance.zones.signing import Signing, SigningProblem, SigningState, state_of
from appliance.zones.signing_problems import problems_of

_READ_NOW = frozenset({SigningProblem.SIGNATURES_OLD, SigningProblem.KEY_NOT_BACKED_UP})
_OF_PARENT = (SigningProblem.DS_MISMATCH, SigningProblem.PARENT_UNKNOWN)
_OF_HERE = tuple(one for one in SigningProblem if one not in _READ_NOW and one not in _OF_PARENT)
_HIDDEN, _NONE = pw.SQL("'hidden'"), pw.SQL("''")
"""Literals of the partial indexes."""
_ZONE = (tables.Zone, pw.JOIN.CROSS)
"""SQLite reads the left table of this join first: it would choose by the limit, and read every zone."""


def store(zone: Zone, known: Signing, now: datetime) -> None:
    """Store the present state and problems of a zone, if they changed."""
    problems = [one for one in problems_of(known, zone.name, now) if one not in _READ_NOW]
    found = [one.value for one in sorted(problems, key=_OF_PARENT.__contains__)]
    values = {"state": state_of(known, zone.name, now).value, "problems": " ".join(found)}
    row = tables.Signing
    is_other = (row.state != values["state"]) | (row.problems != values["problems"])
    row.update(values).where(row.zone == _id_of(zone), is_other).execute()


def count_by_state() -> Mapping[SigningState, int]:
    """Return the number of zones in each state but `unsigned`."""
    row = tables.Signing
    query = row.select(row.state, pw.fn.count(row.zone)).join(*_ZONE).where(_of(row), tables.Zone.deleted_at.is_null())
    found = {SigningState(state): number for state, number in query.group_by(row.state).tuples().iterator()}
    return {state: found.get(state, 0) for state in SigningState if state is not SigningState.UNSIGNED}


def with_problems(limit: int) -> list[tuple[Name, list[SigningProblem]]]:
    """Return zones with problems that their last check found, and these; at most `limit` zones.

    Those with problems of this appliance come first: no number of others, which customers can cause, hides them.
    """
    query = functools.reduce(operator.add, map(_beginning_with, (*_OF_HERE, *_OF_PARENT)))
    rows: Iterable[tuple[str, str]] = query.limit(limit).tuples()
    return [(name_keys.domain_from(name), [SigningProblem(one) for one in text.split()]) for name, text in rows]


def with_keys_at_risk(limit: int) -> list[Name]:
    """Return zones with a key that is in no backup though the parent may have its DS; at most `limit`."""
    row = tables.SigningKey
    is_at_risk = row.backed_up_at.is_null() & (row.ds != _HIDDEN)
    query = row.select(tables.Zone.name).join(*_ZONE).where(_of(row), is_at_risk, *_is_signed()).distinct().limit(limit)
    return _names(query)


def expiring(nameserver: str, before: datetime, limit: int) -> list[Name]:
    """Return zones whose signatures at a nameserver expire before a time, the first ones; at most `limit`."""
    row = tables.SignatureExpiry
    query = (
        row.select(tables.Zone.name).join(*_ZONE).where(_of(row), row.nameserver == nameserver, row.expires_at < before)
    )
    return _names(query.where(*_is_signed()).order_by(row.expires_at).limit(limit))


def first_expiry(nameserver: str) -> datetime | None:
    """Return when the first signature at a nameserver expires; None if it serves no zone signed."""
    row = tables.SignatureExpiry
    query = row.select().join(*_ZONE).where(_of(row), row.nameserver == nameserver, *_is_signed())
    first = query.order_by(row.expires_at).first()
    return first.expires_at if first else None


def count_by_problem(nameservers: Sequence[str], before: datetime, limit: int) -> Mapping[SigningProblem, int]:
    """Return the number of zones with each problem, each of at most `limit`; `before` is for their signatures."""
    found = dict.fromkeys(SigningProblem, 0)
    for _, problems in with_problems(limit):
        for problem in problems:
            found[problem] += 1
    found[SigningProblem.KEY_NOT_BACKED_UP] = len(with_keys_at_risk(limit))
    old = {name for server in nameservers for name in expiring(server, before, limit)}
    return found | {SigningProblem.SIGNATURES_OLD: len(old)}


def _beginning_with(problem: SigningProblem) -> pw.ModelSelect[Any]:
    row = tables.Signing
    query = row.select(tables.Zone.name, row.problems).join(*_ZONE).where(_of(row), *_is_signed())
    return query.where(row.problems != _NONE, row.problems >= problem.value, row.problems < f"{problem.value}~")


def _of(row: Any) -> pw.Expression:  # noqa: ANN401 - one of three tables
    return cast(pw.Expression, row.zone == tables.Zone.id)


def _is_signed() -> tuple[pw.Expression, pw.Field[bool]]:
    return tables.Zone.deleted_at.is_null(), tables.Zone.signed


def _names(query: pw.ModelSelect[Any]) -> list[Name]:
    return [name_keys.domain_from(name) for (name,) in query.tuples()]


def _id_of(zone: Zone) -> pw.ModelSelect[tables.Zone]:
    return tables.Zone.select(tables.Zone.id).where(tables.Zone.uuid == zone.uuid)
