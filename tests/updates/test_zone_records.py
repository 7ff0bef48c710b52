"""What an update sees of a zone: the stored records, and SOA and NS of the appliance at the apex."""

from __future__ import annotations

import dns.rdata
import pytest
from dns.rdataclass import IN
from dns.rdatatype import NS, SOA, A

from appliance.errors import InputError
from appliance.store import zones
from appliance.updates.zone_records import read_sent, soa_of, wire_of
from appliance.zones.names import parse_owner
from tests.updates.conftest import records_of
from tests.workspace import APEX, SERVERS, Workspace


def test_the_apex_has_soa_and_ns_of_the_appliance_too(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "NS", "@", "ns.example.net")
    workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.zone("below.example.com")
    names = ("@", "www", "below", "none")
    records = records_of(workspace, zone, *names)
    apex, www, below, none = (records.data(parse_owner(name, zone.name)) for name in names)
    assert set(apex) == {NS, SOA} and len(apex[NS]) == len(SERVERS) + 1 and apex[NS] > records.own_servers()
    assert www == {A: {b"\xc0\0\2\1"}}
    assert below == none == {}, "a derived delegation is no record of the zone"


def test_the_soa_has_the_stored_serial(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1")
    now = zones.get(zone.uuid, workspace.owner.scope)
    assert now
    soa = dns.rdata.from_text(IN, SOA, soa_of(now, APEX).to_text())
    assert f" {now.serial} " in soa.to_text() and now.serial > zone.serial


def test_sent_data_is_compared_as_it_is_stored(workspace: Workspace) -> None:
    zone = workspace.zone()
    stored = workspace.add(zone, "MX", "@", "mail.example.net", priority=10)
    sent = dns.rdata.from_text(IN, "MX", "10 MAIL.example.NET.")
    text, wire = read_sent(sent, zone.name)
    assert (text.value, text.priority, wire) == ("MAIL.example.NET.", 10, stored.wire)
    assert wire_of(sent, zone.name) == stored.wire


def test_data_that_cannot_be_stored_equals_nothing_stored(workspace: Workspace) -> None:
    zone = workspace.zone()
    sent = dns.rdata.from_text(IN, "TYPE65300", "\\# 1 00")
    with pytest.raises(InputError):
        read_sent(sent, zone.name)
    assert wire_of(sent, zone.name) == b"\0"
