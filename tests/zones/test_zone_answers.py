"""Answers: what a client sees of them, and how they are printed."""

from __future__ import annotations

import dns.name
from dns.rdatatype import RdataType

from appliance.zones.zone_answers import NODATA, NXDOMAIN, Answer, Answers, Data, Kind

WILDCARD, WWW = (dns.name.from_text(f"{label}.example.com") for label in ("*", "www"))
ADDRESS = (b"\xc0\0\2\1",)


def test_a_client_does_not_see_which_wildcard_answers() -> None:
    synthesized = Answer(Kind.DATA, (Data(WILDCARD, RdataType.A, 300, ADDRESS),), WILDCARD)
    own = Answer(Kind.DATA, (Data(WWW, RdataType.A, 300, ADDRESS),))
    assert own.is_same(synthesized) and Answer(Kind.NODATA, wildcard=WILDCARD).is_same(NODATA)
    for other in (
        Answer(Kind.DATA, (Data(WWW, RdataType.A, 60, ADDRESS),)),
        Answer(Kind.DATA, (Data(WWW, RdataType.A, 300, (b"\xc0\0\2\2",)),)),
        NODATA,
        NXDOMAIN,
    ):
        assert not own.is_same(other) and not other.is_same(own)


def test_it_sees_the_delegation_that_a_referral_names() -> None:
    one, other = (
        Answer(Kind.REFERRAL, (Data(owner, RdataType.NS, 300, (WWW.to_wire() or b"",)),)) for owner in (WILDCARD, WWW)
    )
    assert not one.is_same(other) and one.is_same(one)


def test_the_content_is_an_rcode_or_lines() -> None:
    assert (NXDOMAIN.content, NODATA.content) == ("NXDOMAIN", "NODATA")
    answer = Answer(Kind.DATA, (Data(WWW, RdataType.A, 300, (*ADDRESS, b"\xc0\0\2\2")),))
    assert answer.content == ["www.example.com. 300 IN A 192.0.2.1", "www.example.com. 300 IN A 192.0.2.2"]
    assert NXDOMAIN.is_negative and NODATA.is_negative and not answer.is_negative


def test_types_without_records_share_an_answer() -> None:
    answer = Answer(Kind.DATA, (Data(WWW, RdataType.A, 300, ADDRESS),))
    answers = Answers(NODATA, {RdataType.A: answer})
    assert answers.of(RdataType.A) is answer and answers.of(RdataType.MX) is NODATA is answers.of(None)
    assert Answers(NXDOMAIN).is_nxdomain and not answers.is_nxdomain
