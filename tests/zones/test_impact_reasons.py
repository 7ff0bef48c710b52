"""Reasons: the sentences, which name everything by its full name. `test_impact.py` has the codes."""

from __future__ import annotations

import dns.name
import pytest
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.impact_reasons import PLAIN, REASONS, TARGET_LOSES_ADDRESS, loses_address, reason_of
from appliance.zones.zone_answers import NODATA, NXDOMAIN, Answer, Data, Kind
from tests.zones.records import ORIGIN, record

WWW, BELOW_WWW, WILDCARD, SUB = (dns.name.from_text(name, ORIGIN) for name in ("www", "*.www", "*", "sub"))
DATA = Answer(Kind.DATA, (Data(WWW, RdataType.A, 300, (b"\xc0\0\2\1",)),))
SYNTHESIZED = Answer(Kind.DATA, DATA.data, WILDCARD)
REFERRAL = Answer(Kind.REFERRAL, (Data(SUB, RdataType.NS, 300, (WWW.to_wire() or b"",)),))


@pytest.mark.parametrize(
    ("name", "before", "after", "sentence"),
    [
        (
            WWW,
            NODATA,
            DATA,
            "resolvers that asked before may keep NODATA for 300 seconds (minimum of the SOA)",
        ),
        (WWW, SYNTHESIZED, DATA, "the wildcard *.example.com no longer answers for www.example.com, which exists now"),
        (BELOW_WWW, SYNTHESIZED, NXDOMAIN, "for names below www.example.com, which exists now"),
        (WWW, DATA, SYNTHESIZED, "the wildcard *.example.com answers for www.example.com, which no longer exists"),
        (WILDCARD, NXDOMAIN, SYNTHESIZED, "the wildcard *.example.com answers for names below example.com"),
        (SUB, DATA, REFERRAL, "sub.example.com: the delegation of sub.example.com hides what this zone answered"),
        (SUB, REFERRAL, NXDOMAIN, "this zone answers, in place of the zone delegated at sub.example.com"),
        (WWW, NODATA, NXDOMAIN, "www.example.com no longer exists, because no names below it have records"),
    ],
)
def test_sentences(name: Name, before: Answer, after: Answer, sentence: str) -> None:
    why, detail = reason_of(name, before, after, 300)
    assert why in REASONS and sentence in detail


def test_few_of_many_users_of_a_target_are_listed() -> None:
    users = [record("MX", f"m{at}", "www.example.com") for at in range(7)]
    why, detail = loses_address(WWW, users)
    assert why == TARGET_LOSES_ADDRESS and detail.endswith("MX m4.example.com and others")
    assert "www.example.com has no address any longer, and is the target of MX m0.example.com, MX" in detail
    assert set(REASONS) > PLAIN and TARGET_LOSES_ADDRESS not in PLAIN
