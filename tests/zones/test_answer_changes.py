"""Changes of the answers for one name, by type."""

from __future__ import annotations

from dns.rdatatype import RdataType

from appliance.zones.answer_changes import changes_between
from appliance.zones.zone_answers import NODATA, NXDOMAIN, Answer, Answers, Data, Kind
from tests.zones.records import ORIGIN

MINIMUM = 60


def data(rdtype: RdataType, ttl: int = 300) -> Answer:
    return Answer(Kind.DATA, (Data(ORIGIN, rdtype, ttl, (b"\xc0\0\2\1",)),))


def listed(before: Answers, after: Answers) -> list[tuple[str, int]]:
    return [(one.type_name, one.cached_for) for one in changes_between(ORIGIN, before, after, MINIMUM)]


def test_types_without_a_change_are_not_listed() -> None:
    before = Answers(NODATA, {RdataType.A: data(RdataType.A), RdataType.TXT: data(RdataType.TXT)})
    after = Answers(NODATA, {RdataType.A: data(RdataType.A, 60), RdataType.TXT: data(RdataType.TXT)})
    assert listed(before, after) == [("A", 300)] and listed(after, before) == [("A", 60)]
    assert listed(before, before) == []


def test_types_that_an_alias_answers_alike_are_one_line() -> None:
    alias, both = data(RdataType.CNAME), {RdataType.A: data(RdataType.A), RdataType.MX: data(RdataType.MX)}
    assert listed(Answers(NXDOMAIN), Answers(alias)) == [("*", MINIMUM)]
    assert listed(Answers(NODATA, both), Answers(alias)) == [("A", 300), ("MX", 300), ("*", MINIMUM)]


def test_nxdomain_and_nodata_are_listed_only_by_themselves() -> None:
    assert listed(Answers(NXDOMAIN), Answers(NODATA)) == [("*", MINIMUM)]
    assert listed(Answers(NXDOMAIN), Answers(NODATA, {RdataType.A: data(RdataType.A)})) == [("A", MINIMUM)]


def test_names_below_a_delegation_that_stays_are_not_listed() -> None:
    one, other = (Answers(Answer(Kind.REFERRAL, data(RdataType.NS, ttl).data), cut=(b"x",)) for ttl in (60, 300))
    assert listed(one, other) == []
