"""The impact of random changes is what two real nameservers answer before and after them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from uuid import uuid4

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.impact import impact_of
from appliance.zones.published_zone import PublishedZone
from appliance.zones.zone_answers import Kind
from tests.pair import Pair
from tests.workspace import APEX
from tests.zones.observed_answers import Query, Seen, expected, observe
from tests.zones.random_changes import RandomChange, random_change

Zones = tuple[PublishedZone, PublishedZone]
"""A zone before and after a change."""

ZONES = 8
TYPES = (*(RdataType[one] for one in ("A", "MX", "NS", "CNAME", "DS")), RdataType.HINFO)
"""The types in question; no owner has the last one."""


def test_the_impact_is_what_both_nameservers_answer(pair: Pair) -> None:
    run(pair, [random_change(Random(seed), dns.name.from_text(f"impact{seed}.example"), APEX) for seed in range(ZONES)])


def run(pair: Pair, cases: list[RandomChange]) -> None:
    uuids = {case.origin: uuid4() for case in cases}
    for case in cases:
        pair.control.add_zone(case.origin, pair.put(uuids[case.origin], case.file(case.before, 1)))
    pair.updates.change(remove={}, add={uuid.hex: name for name, uuid in uuids.items()})
    before = _observed(pair, cases, 1)
    for case in cases:
        pair.put(uuids[case.origin], case.file(case.after, 2))
        pair.control.resume_updates(case.origin)
    after = _observed(pair, cases, 2)
    for number, case in enumerate(cases):
        zones = PublishedZone(case.before, case.apex), PublishedZone(case.after, case.apex)
        _check_answers(zones[0], before[number])
        _check_answers(zones[1], after[number])
        _check_impact(case, zones, before[number], after[number])


def _observed(pair: Pair, cases: list[RandomChange], serial: int) -> list[dict[Query, Seen]]:
    """Return what both nameservers answer for each zone, which is the same."""
    found = []
    for case in cases:
        pair.wait_for_serial(pair.primary, case.origin, serial)
        pair.notify(case.origin)
        pair.wait_for_serial(pair.secondary, case.origin, serial)
        queries = [(name, rdtype) for name in case.names() for rdtype in TYPES]
        first, second = (observe(server, queries) for server in (pair.primary, pair.secondary))
        assert first == second
        found.append(first)
    return found


def _check_answers(zone: PublishedZone, seen: dict[Query, Seen]) -> None:
    for (name, rdtype), answer in seen.items():
        assert expected(zone.answers(name.labels).of(rdtype)) == answer, (name, rdtype, zone.view)


def _check_impact(case: RandomChange, zones: Zones, before: dict[Query, Seen], after: dict[Query, Seen]) -> None:
    """Compare what is listed, read as `docs/api.md` describes, with what was observed."""
    changes = impact_of(case.before, case.after, case.changes, case.apex)
    listed = {(one.name, one.rdtype): one for one in changes}
    for (name, rdtype), former in before.items():
        latter, place = after[name, rdtype], _place(name, zones)
        change = next((listed[key] for key in _keys(name, rdtype, place, zones) if key in listed), None)
        context = f"{name} {rdtype.name}: {former} -> {latter}, but {changes}"
        if change:
            assert (expected(change.before), expected(change.after)) == (former, latter), context
        elif former != latter:
            assert {former[0], latter[0]} == {Kind.NXDOMAIN, Kind.NODATA}, context
            assert any(one == place for one, _ in listed), context


def _place(name: Name, zones: Zones) -> Name:
    """Return the name under which changes for this one are listed: itself, or `*.x` if it does not exist below x."""
    encloser = name
    while not any(zone.exists(encloser.labels) for zone in zones):
        encloser = encloser.parent()
    return name if encloser == name else dns.name.from_text("*", encloser)


def _keys(name: Name, rdtype: RdataType, place: Name, zones: Zones) -> Iterator[tuple[Name, RdataType | None]]:
    """Yield where the change for this name and type may be listed, the most specific first."""
    labels = {cut for zone in zones if (cut := zone.cut(name.labels))}
    cuts = [Name(cut) for cut in sorted(labels, key=len, reverse=True)]
    yield place, rdtype
    if rdtype == RdataType.DS and name in cuts:
        return
    yield place, None
    for listed in (one for below in cuts for one in (dns.name.from_text("*", below), below)):
        if rdtype != RdataType.DS or listed not in cuts:
            yield listed, rdtype
        yield listed, None
