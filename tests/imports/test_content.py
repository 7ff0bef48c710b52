"""Which records of a source become records of a zone."""

from __future__ import annotations

from dataclasses import replace

import dns.name
from dns.rdatatype import RdataType

from appliance.editing import RecordInput
from appliance.imports.content import own_records
from appliance.imports.source import SourceRecord, ZoneData
from appliance.zones.own_records import OwnAddress
from tests.workspace import APEX, SERVERS

ORIGIN = dns.name.from_text("appliance.test")


def data(*rows: str) -> ZoneData:
    """The data of records written as type, owner and value."""
    return ZoneData([SourceRecord(row, _record(*row.split(" ", 2))) for row in rows])


def _record(record_type: str, name: str, value: str) -> RecordInput:
    return RecordInput(record_type, name, value)


def test_what_the_appliance_derives_is_passed_over() -> None:
    apex = replace(APEX, addresses=(OwnAddress(SERVERS[0], RdataType.A, "192.0.2.1"),))
    found = own_records(
        data(
            "NS appliance.test. NS1.appliance.test.",
            "NS Appliance.test. ns1.old.example",
            "NS sub.appliance.test. ns1.appliance.test.",
            "A ns1.appliance.test. 192.0.2.1",
            "A ns1.appliance.test. 192.0.2.2",
        ),
        ORIGIN, apex, (), keep_ns=False,
    )  # fmt: skip
    assert [one.where for one in found.records] == [
        "NS sub.appliance.test. ns1.appliance.test.",
        "A ns1.appliance.test. 192.0.2.2",
    ]
    assert [one.text for one in found.passed_over] == [
        "2 records: the appliance derives them",
        "1 record: former nameservers of the zone",
    ]


def test_records_of_child_zones_and_repeated_ones() -> None:
    rows = ("A dev.appliance.test. 192.0.2.1", "A x.DEV.appliance.test. 192.0.2.1", "A xdev.appliance.test. 192.0.2.1")
    child = dns.name.from_text("dev.appliance.test")
    found = own_records(data(*rows, rows[2]), ORIGIN, APEX, [child], keep_ns=True)
    assert [one.where for one in found.records] == [rows[2]]
    assert [one.text for one in found.passed_over] == [
        "2 records: at or below dev.appliance.test, which is a zone of its own"
    ]


def test_a_record_that_is_there_twice_is_one() -> None:
    rows = (
        "AAAA a.appliance.test. 2001:db8::1",
        "AAAA A.appliance.test. 2001:0DB8::1",
        "AAAA a.appliance.test. 2001:db8::2",
        "A a.appliance.test. 192.0.2.999",
        "A a.appliance.test. 192.0.2.998",
    )
    found = own_records(data(*rows), ORIGIN, APEX, (), keep_ns=True)
    assert [one.where for one in found.records] == [rows[0], *rows[2:]]
