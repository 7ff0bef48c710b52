"""The digest of many records: no order, every difference."""

from __future__ import annotations

import random
from dataclasses import astuple

from dns.rdatatype import RdataType

from appliance.zones.delta import WireRecord
from appliance.zones.record_digest import RecordDigest

RECORDS = [
    WireRecord(b"\x03www\x07example\x03com\0", RdataType.A, 300, b"\xc0\x00\x02\x01"),
    WireRecord(b"\x03www\x07example\x03com\0", RdataType.A, 300, b"\xc0\x00\x02\x02"),
    WireRecord(b"\x07example\x03com\0", RdataType.MX, 300, b"\x00\x0a\x04mail\0"),
    WireRecord(b"\x07example\x03com\0", RdataType.TXT, 300, b"\x01a"),
]


def digest(records: list[WireRecord]) -> RecordDigest:
    found = RecordDigest()
    for record in records:
        found.add([record])
    return found


def test_the_order_does_not_matter() -> None:
    shuffled = random.Random(7).sample(RECORDS, len(RECORDS))
    assert digest(RECORDS) == digest(shuffled) and astuple(digest(RECORDS))[0] == len(RECORDS)


def test_every_other_difference_does() -> None:
    changed = [
        RECORDS[1:],
        [*RECORDS, RECORDS[0]],
        [RECORDS[0]._replace(ttl=301), *RECORDS[1:]],
        [RECORDS[0]._replace(rdata=b"\xc0\x00\x02\x03"), *RECORDS[1:]],
        [RECORDS[0]._replace(rdtype=RdataType.WKS), *RECORDS[1:]],
        [RECORDS[0]._replace(owner=b"\x01w\x07example\x03com\0"), *RECORDS[1:]],
        [*RECORDS[:3], RECORDS[3]._replace(rdata=b"\x01A")],
    ]
    assert all(digest(records) != digest(RECORDS) for records in changed)


def test_the_letter_case_of_a_name_does_not_matter() -> None:
    assert digest([*RECORDS[:2], RECORDS[2]._replace(rdata=b"\x00\x0a\x04MAIL\0"), RECORDS[3]]) == digest(RECORDS)
