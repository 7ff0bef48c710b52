"""The impact of a change: which answers of the zone it changes, and why.

What the records of a change do not show by themselves is listed too: a wildcard that no longer matches a name, names
that a delegation hides, an empty non-terminal that appears. The cost follows the names whose answers may change, not
the size of the zone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.answer_changes import AnswerChange, changes_between
from appliance.zones.changed_zone import ChangedZone
from appliance.zones.changes import Change, changes_serial, sides
from appliance.zones.lost_targets import mark_lost_targets
from appliance.zones.names import canonical_key
from appliance.zones.published_zone import Labels, OwnData, PublishedZone, ZoneContents
from appliance.zones.view import View
from appliance.zones.zone_cuts import ADDRESSES

MAX_OCTETS = 255
"""The maximum length of a name in wire form (RFC 1035 section 3.1)."""


def impact_of(stored: ZoneContents, resulting: View, changes: Sequence[Change], own: OwnData) -> list[AnswerChange]:
    """Return the answers that differ between the zone as it is stored and as it will be, in canonical order of names.

    `resulting` is the zone after the changes, `own` what the appliance derives. The SOA, whose serial changes with
    every change, is not listed.
    """
    published = [change for change in changes if changes_serial(change)]
    changed = ChangedZone(stored, resulting, published)
    impact = _Impact(PublishedZone(stored, own), PublishedZone(changed, own), published)
    found = mark_lost_targets(impact.before, impact.after, impact.answer_changes())
    return sorted(found, key=lambda one: (canonical_key(one.name), one.rdtype is None, one.type_name))


class _Impact:
    """The names in question, and how their answers change."""

    def __init__(self, before: PublishedZone, after: PublishedZone, changes: Sequence[Change]) -> None:
        self.before = before
        self.after = after
        self._touched = {record.owner.labels for change in changes for record in sides(change)}
        self._addressed = {one.owner for change in changes for one in sides(change) if one.rdtype in ADDRESSES}

    def answer_changes(self) -> list[AnswerChange]:
        """Return the changes at all names in question, and below them."""
        path = {name for owner in self._touched for name in self.before.path(owner)}
        self._load(path)
        names = {name for name in path if name in self._touched or self._differs(name)}
        below = {name for cut in filter(self._is_new_or_former_cut, names) for name in self._all_below(cut)}
        names |= below
        self._load(names)
        cuts = set(filter(self._is_new_or_former_cut, names))
        names.update(self._with_other_glue(cuts | below))
        found = {name: self._at(name) for name in names}
        found |= {(b"*", *name): self._below(name) for name in names if self._is_in_question_below(name)}
        _merge_below(found, cuts)
        return [change for changes in found.values() for change in changes]

    def _load(self, names: set[Labels]) -> None:
        """Read, on both sides, what the answers at and below these names depend on, in a few statements."""
        for zone in (self.before, self.after):
            zone.load(names)
            wildcards = (zone.source_of_synthesis(name) for name in names if zone.cut(name) is None)
            zone.load(filter(None, wildcards))

    def _differs(self, name: Labels) -> bool:
        """Return whether the name exists on one side only, or is in another zone."""
        former, latter = self.before.cut(name), self.after.cut(name)
        return former != latter or self.before.exists(name) != self.after.exists(name)

    def _is_in_question_below(self, name: Labels) -> bool:
        """Return whether answers for names below this one that do not exist may differ, without a wildcard's change."""
        return self._differs(name) and name[0] != b"*" and (b"*", *name) not in self._touched

    def _is_new_or_former_cut(self, name: Labels) -> bool:
        former, latter = self.before.cut(name), self.after.cut(name)
        return former != latter and name in (former, latter)

    def _all_below(self, cut: Labels) -> Iterator[Labels]:
        """Yield the names that exist below the cut, before or after the change."""
        for view in (zone.view for zone in (self.before, self.after) if zone.is_non_terminal(cut)):
            owners = [owner for owner, _ in view.below(Name(cut))]
            for owner in (*owners, *view.child_zones_below(Name(cut))):
                yield from (owner.labels[start:] for start in range(len(owner.labels) - len(cut)))

    def _with_other_glue(self, moved: Iterable[Labels]) -> Iterator[Labels]:
        """Yield the delegations to nameservers with other addresses, or that `moved` into or out of a delegation."""
        servers = self._addressed | {Name(name) for name in moved}
        for zone in (self.before, self.after):
            owners = zone.view.owners_of_ns(servers) if servers else ()
            yield from (owner.labels for owner in owners if zone.cut(owner.labels) == owner.labels)

    def _at(self, name: Labels) -> list[AnswerChange]:
        before, after = self.before.answers(name), self.after.answers(name)
        return changes_between(Name(name), before, after, self.before.negative_ttl)

    def _below(self, name: Labels) -> list[AnswerChange]:
        before, after = self.before.answers_below(name), self.after.answers_below(name)
        if (before.is_nxdomain and after.is_nxdomain) or _octets(name) + len(b"\1*") > MAX_OCTETS:
            return []
        return changes_between(Name((b"*", *name)), before, after, self.before.negative_ttl)


def _octets(name: Labels) -> int:
    return sum(len(label) + 1 for label in name)


def _merge_below(found: dict[Labels, list[AnswerChange]], cuts: Collection[Labels]) -> None:
    """Leave out names below delegations that begin or end, whose answers change as those at or just below these do."""
    below: dict[Labels, list[Labels]] = {cut: [] for cut in cuts}
    for name in found if cuts else ():
        for start in range(1, len(name)):
            if name[start:] in below:
                below[name[start:]].append(name)
    for cut in sorted(cuts, key=len, reverse=True):
        at_cut, wildcard = [one for one in found.get(cut, ()) if one.rdtype != RdataType.DS], (b"*", *cut)
        if _is_equal(found.get(wildcard, ()), at_cut):
            del found[wildcard]
        general = found.get(wildcard) or at_cut
        for name in below[cut]:
            if name != wildcard and _is_equal(found.get(name, ()), general):
                del found[name]


def _is_equal(changes: Sequence[AnswerChange], others: Sequence[AnswerChange]) -> bool:
    """Return whether there are changes, with the same types and the same answers, before and after."""
    by_type = {one.rdtype: one for one in others}
    is_same = all(one.rdtype in by_type and one.is_same(by_type[one.rdtype]) for one in changes)
    return bool(changes) and len(changes) == len(others) and is_same
