"""Updates become requests of the Editor, and only what changes anything: RFC 2136 sections 2.5 and 3.4."""

from __future__ import annotations

from collections.abc import Callable

import dns.name
import dns.update
import pytest
from dns.rcode import Rcode

from appliance.editing import Diff, RecordRequest
from appliance.errors import InputError
from appliance.store.records import ZoneView, of_zone
from appliance.updates.messages import ErrorResponse, SentRecord, read_request
from appliance.updates.update_section import check_updates, requests_of
from appliance.updates.zone_records import ZoneRecords
from appliance.zones.model import Zone
from tests.workspace import APEX, SERVERS, Workspace

Fill = Callable[[dns.update.UpdateMessage], object]


def apply(workspace: Workspace, zone: Zone, *fills: Fill) -> Diff:
    """Store what a message requests, as the listener does."""
    message = dns.update.UpdateMessage("example.com")
    for fill in fills:
        fill(message)
    updates = read_request(message.to_wire()).updates
    check_updates(updates, zone)

    def requests(current: Zone) -> list[RecordRequest]:
        nodes = ZoneView(current, APEX.servers).nodes({one.name for one in updates})
        return requests_of(updates, ZoneRecords(current, APEX, nodes))

    return workspace.editor.change_many(workspace.owner, zone.uuid, requests)


def held(zone: Zone) -> list[tuple[str, str, str, int]]:
    """Return owner, type, value and TTL of each record."""
    return sorted((str(one.owner), one.rdtype.name, one.value, one.ttl) for one in of_zone(zone))


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    """A zone without records."""
    return workspace.zone("example.com")


WWW, APEX_NAME = "www.example.com.", "example.com."


def test_records_are_added_and_deleted(workspace: Workspace, zone: Zone) -> None:
    apply(
        workspace,
        zone,
        lambda one: one.add("WWW", 60, "A", "192.0.2.1", "192.0.2.2"),
        lambda one: one.add("@", 300, "MX", "10 Mail.Example.NET."),
        lambda one: one.add("@", 300, "TXT", '"v=1; a"'),
    )
    assert held(zone) == [
        (APEX_NAME, "MX", "mail.example.net", 300),
        (APEX_NAME, "TXT", "v=1; a", 300),
        (WWW, "A", "192.0.2.1", 60),
        (WWW, "A", "192.0.2.2", 60),
    ]
    apply(
        workspace,
        zone,
        lambda one: one.delete("www", "A", "192.0.2.1"),
        lambda one: one.delete("@", "MX", "10 mAil.example.net."),
        lambda one: one.delete("@", "TXT"),
    )
    assert held(zone) == [(WWW, "A", "192.0.2.2", 60)]
    apply(workspace, zone, lambda one: one.add("www", 60, "TXT", "t"), lambda one: one.delete("www"))
    assert held(zone) == []


@pytest.mark.parametrize(
    "fill",
    [
        lambda one: one.add("www", 60, "A", "192.0.2.1"),
        lambda one: one.replace("www", 60, "A", "192.0.2.1"),
        lambda one: one.delete("www", "A", "192.0.2.9"),
        lambda one: one.delete("www", "TXT"),
        lambda one: one.delete("none"),
        lambda one: one.delete("www", "TYPE65300"),
        lambda one: one.delete("www", "TYPE65300", "\\# 1 00"),
        lambda one: one.add("@", 60, "SOA", "a. b. 1 2 3 4 5"),
        lambda one: one.delete("@", "SOA"),
        lambda one: one.delete("@", "SOA", "a. b. 1 2 3 4 5"),
        lambda one: one.delete("@", "NS"),
        lambda one: one.delete("@"),
        lambda one: one.add("@", 60, "NS", SERVERS[0].to_text()),
    ],
)
def test_what_is_so_already_changes_nothing(workspace: Workspace, zone: Zone, fill: Fill) -> None:
    apply(workspace, zone, lambda one: one.add("www", 60, "A", "192.0.2.1"))
    before = workspace.rows()
    assert not apply(workspace, zone, fill).changes
    assert workspace.rows() == before


def test_an_add_decides_the_ttl_of_its_set_and_records_keep_their_uuid(workspace: Workspace, zone: Zone) -> None:
    apply(workspace, zone, lambda one: one.add("www", 60, "A", "192.0.2.1", "192.0.2.2"))
    first = {one.value: one.uuid for one in of_zone(zone)}
    apply(workspace, zone, lambda one: one.add("www", 90, "A", "192.0.2.1"))
    assert {one.value: one.uuid for one in of_zone(zone)} == first
    assert {one.ttl for one in of_zone(zone)} == {90}
    apply(workspace, zone, lambda one: one.add("www", 120, "A", "192.0.2.3"))
    assert [one.ttl for one in of_zone(zone)] == [120, 120, 120]


def test_a_cname_replaces_a_cname_and_nothing_else(workspace: Workspace, zone: Zone) -> None:
    apply(workspace, zone, lambda one: one.add("www", 60, "CNAME", "a.example.net."))
    apply(workspace, zone, lambda one: one.add("www", 60, "CNAME", "b.example.net."))
    assert held(zone) == [(WWW, "CNAME", "b.example.net", 60)]
    with pytest.raises(InputError):
        apply(workspace, zone, lambda one: one.add("www", 60, "A", "192.0.2.1"))
    apply(workspace, zone, lambda one: one.delete("www"), lambda one: one.add("www", 60, "A", "192.0.2.1"))
    assert held(zone) == [(WWW, "A", "192.0.2.1", 60)]


def test_the_appliances_own_nameservers_stay(workspace: Workspace, zone: Zone) -> None:
    apply(workspace, zone, lambda one: one.add("@", 60, "NS", "ns.example.net."))
    assert held(zone) == [(APEX_NAME, "NS", "ns.example.net", APEX.ttl)]
    with pytest.raises(ErrorResponse) as refused:
        apply(workspace, zone, lambda one: one.delete("@", "NS", SERVERS[0].to_text()))
    assert refused.value.rcode == Rcode.REFUSED
    apply(workspace, zone, lambda one: one.delete("@", "NS", "ns.example.net."))
    assert held(zone) == []


@pytest.mark.parametrize(
    "fill",
    [
        lambda one: one.add("www", 60, "TYPE65300", "\\# 1 00"),
        lambda one: one.add("www", 60, "HINFO", "a b"),
        lambda one: one.add("a b", 60, "A", "192.0.2.1"),
        lambda one: one.add("@", 60, "CNAME", "a.example.net."),
        lambda one: one.add("*", 60, "NS", "a.example.net."),
    ],
)
def test_what_cannot_be_served_is_refused_whole(workspace: Workspace, zone: Zone, fill: Fill) -> None:
    with pytest.raises(InputError):
        apply(workspace, zone, lambda one: one.add("www", 60, "A", "192.0.2.1"), fill)
    assert held(zone) == []


@pytest.mark.parametrize(
    ("one", "rcode"),
    [
        (SentRecord(dns.name.from_text("example.net."), 1, 255, 0, None), Rcode.NOTZONE),
        (SentRecord(dns.name.from_text(WWW), 1, 1, 60, None), Rcode.FORMERR),
        (SentRecord(dns.name.from_text(WWW), 1, 255, 1, None), Rcode.FORMERR),
        (SentRecord(dns.name.from_text(WWW), 1, 254, 0, None), Rcode.FORMERR),
        (SentRecord(dns.name.from_text(WWW), 1, 3, 0, None), Rcode.FORMERR),
        (SentRecord(dns.name.from_text(WWW), 252, 255, 0, None), Rcode.FORMERR),
    ],
)
def test_malformed_updates_are_refused_before_anything(zone: Zone, one: SentRecord, rcode: Rcode) -> None:
    with pytest.raises(ErrorResponse) as refused:
        check_updates([one], zone)
    assert refused.value.rcode == rcode


def test_a_dhcp_server_marks_its_names(workspace: Workspace, zone: Zone) -> None:
    """As RFC 4703 section 5.3 has it: the DHCID of a client comes and goes with its address."""
    client = "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="
    apply(
        workspace,
        zone,
        lambda one: one.add("chi", 600, "A", "192.0.2.1"),
        lambda one: one.add("chi", 600, "DHCID", client),
    )
    assert held(zone) == [("chi.example.com.", "A", "192.0.2.1", 600), ("chi.example.com.", "DHCID", client, 600)]
    apply(workspace, zone, lambda one: one.delete("chi", "A"), lambda one: one.add("chi", 600, "A", "192.0.2.2"))
    assert [value for _, _, value, _ in held(zone)] == ["192.0.2.2", client]
    apply(
        workspace, zone, lambda one: one.delete("chi", "DHCID", client), lambda one: one.delete("chi", "A", "192.0.2.2")
    )
    assert held(zone) == []
