"""One answer of a zone before and after a change."""

from __future__ import annotations

from dataclasses import dataclass

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.impact_reasons import reason_of
from appliance.zones.zone_answers import Answer, Answers


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """The answer for a name and type before and after a change.

    A name `*.x` means all names below x that exist neither before nor after. `rdtype` None means each type without
    records there. `why` is a code, `detail` a sentence. `cached_for`: seconds for which resolvers may keep the former
    answer.
    """

    name: Name
    rdtype: RdataType | None
    before: Answer
    after: Answer
    why: str
    detail: str
    cached_for: int

    @property
    def type_name(self) -> str:
        """The type as text; `*` for each type without records."""
        return "*" if self.rdtype is None else self.rdtype.name

    def is_same(self, other: AnswerChange) -> bool:
        """Return whether both have the same answers, before and after."""
        return self.before.is_same(other.before) and self.after.is_same(other.after)


def changes_between(name: Name, before: Answers, after: Answers, negative_ttl: int) -> list[AnswerChange]:
    """Return how the answers for this name change, by type; `negative_ttl` is that of negative answers, in seconds.

    With the first record of a name, NXDOMAIN becomes NODATA for other types, and vice versa: this is not listed. Names
    below a delegation that was there before and still is have no changes of their own.
    """
    if before.cut == after.cut is not None and name.labels != before.cut:
        return []
    is_general = not before.other.is_same(after.other)
    found: list[RdataType | None] = [
        rdtype
        for rdtype in sorted({*before.by_type, *after.by_type}, key=lambda one: one.name)
        if _is_listed(before.of(rdtype), after.of(rdtype))
        and not (is_general and before.of(rdtype).is_same(before.other) and after.of(rdtype).is_same(after.other))
    ]
    if _is_listed(before.other, after.other) or (is_general and not found):
        found.append(None)
    return [_change(name, rdtype, before.of(rdtype), after.of(rdtype), negative_ttl) for rdtype in found]


def _is_listed(before: Answer, after: Answer) -> bool:
    return not before.is_same(after) and not (before.is_negative and after.is_negative)


def _change(name: Name, rdtype: RdataType | None, before: Answer, after: Answer, negative_ttl: int) -> AnswerChange:
    """Return one change of an answer, with its reason."""
    cached_for = before.data[0].ttl if before.data else negative_ttl
    why, detail = reason_of(name, before, after, cached_for)
    return AnswerChange(name, rdtype, before, after, why, detail, cached_for)
