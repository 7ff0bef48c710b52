"""Every prerequisite of RFC 2136: met and not met, SOA and NS of the apex included, and malformed ones."""

from __future__ import annotations

from collections.abc import Callable

import dns.update
import pytest
from dns.rcode import Rcode

from appliance.updates.messages import ErrorResponse, SentRecord, read_request
from appliance.updates.prerequisites import check_prerequisites
from appliance.updates.zone_records import ZoneRecords
from tests.updates.conftest import records_of
from tests.workspace import SERVERS, Workspace

NS = tuple(server.to_text() for server in SERVERS)
Fill = Callable[[dns.update.UpdateMessage], None]


@pytest.fixture
def records(workspace: Workspace) -> ZoneRecords:
    """A zone with a few records."""
    zone = workspace.zone("example.com")
    workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.add(zone, "A", "www", "192.0.2.2")
    workspace.add(zone, "MX", "mail", "Mx.Example.NET", priority=10)
    return records_of(workspace, zone, "@", "www", "mail", "none")


def result(records: ZoneRecords, fill: Fill) -> Rcode:
    """Return the response code for the prerequisites that `fill` adds."""
    message = dns.update.UpdateMessage("example.com")
    fill(message)
    try:
        check_prerequisites(read_request(message.to_wire()).prerequisites, records)
    except ErrorResponse as refused:
        return refused.rcode
    return Rcode.NOERROR


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        (lambda one: one.present("www"), Rcode.NOERROR),
        (lambda one: one.present("WWW", "A"), Rcode.NOERROR),
        (lambda one: one.present("www", "A", "192.0.2.2", "192.0.2.1"), Rcode.NOERROR),
        (lambda one: one.present("mail", "MX", "10 mX.example.net."), Rcode.NOERROR),
        (lambda one: one.absent("none"), Rcode.NOERROR),
        (lambda one: one.absent("www", "TXT"), Rcode.NOERROR),
        (lambda one: one.present("@"), Rcode.NOERROR),
        (lambda one: one.present("@", "SOA"), Rcode.NOERROR),
        (lambda one: one.present("@", "NS"), Rcode.NOERROR),
        (lambda one: one.present("@", "NS", *NS), Rcode.NOERROR),
        (lambda one: one.present("none"), Rcode.NXDOMAIN),
        (lambda one: one.present("www", "TXT"), Rcode.NXRRSET),
        (lambda one: one.present("www", "A", "192.0.2.1"), Rcode.NXRRSET),
        (lambda one: one.present("none", "A", "192.0.2.1"), Rcode.NXRRSET),
        (lambda one: one.present("@", "NS", NS[0]), Rcode.NXRRSET),
        (lambda one: one.present("www", "TYPE65300", "\\# 1 00"), Rcode.NXRRSET),
        (lambda one: one.absent("www"), Rcode.YXDOMAIN),
        (lambda one: one.absent("@"), Rcode.YXDOMAIN),
        (lambda one: one.absent("www", "A"), Rcode.YXRRSET),
        (lambda one: one.absent("@", "SOA"), Rcode.YXRRSET),
        (lambda one: one.present("www.example.net.", "A"), Rcode.NOTZONE),
        (lambda one: one.present("www", "AXFR"), Rcode.FORMERR),
    ],
)
def test_each_kind_has_its_response_code(records: ZoneRecords, fill: Fill, expected: Rcode) -> None:
    assert result(records, fill) == expected


def test_the_first_that_is_not_met_decides(records: ZoneRecords) -> None:
    def fill(message: dns.update.UpdateMessage) -> None:
        message.present("www")
        message.absent("www", "A")
        message.present("none")

    assert result(records, fill) == Rcode.YXRRSET


@pytest.mark.parametrize(("rdclass", "ttl"), [(255, 1), (254, 1), (1, 1), (3, 0)])
def test_a_ttl_or_another_class_is_malformed(records: ZoneRecords, rdclass: int, ttl: int) -> None:
    with pytest.raises(ErrorResponse) as refused:
        check_prerequisites([SentRecord(records.zone.name, 1, rdclass, ttl, None)], records)
    assert refused.value.rcode == Rcode.FORMERR
