"""What is compared of a signed zone: the records of its file, and not what named adds."""

from __future__ import annotations

import dns.name
import pytest
from dns.rdatatype import RdataType

from appliance.zones.delta import WireRecord
from appliance.zones.signed_content import NAMED_ADDS, content_number, content_of
from appliance.zones.signing import CONTENT_TYPE

APEX = dns.name.from_text("example.com").to_digestable()
A = WireRecord(APEX, RdataType.A, 300, b"\xc0\0\2\1")
NUMBER = WireRecord(APEX, CONTENT_TYPE, 0, b"\x78\x0f\x2a\x01")


def test_records_of_the_file_are_kept_and_those_of_named_are_not() -> None:
    added = [WireRecord(A.owner, rdtype, 300, b"") for rdtype in NAMED_ADDS]
    delegation = [WireRecord(A.owner, RdataType.DS, 300, b"\0"), WireRecord(A.owner, RdataType.NS, 300, b"\0")]
    assert [*content_of([*added, A, NUMBER, *delegation])] == [A, NUMBER, *delegation]
    assert 65534 in NAMED_ADDS, "the type of BIND's state of signing"


@pytest.mark.parametrize(
    ("record", "number"),
    [
        (NUMBER, 0x780F2A01),
        (NUMBER._replace(rdata=b"\0\0\0\0"), 0),
        (NUMBER._replace(rdata=b"\0\0\0"), None),
        (NUMBER._replace(rdtype=CONTENT_TYPE + 1), None),
        (A, None),
    ],
)
def test_the_content_number(record: WireRecord, number: int | None) -> None:
    assert content_number(record) == number
