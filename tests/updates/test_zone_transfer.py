"""The messages of a transfer: SOA first and last, own and stored records between, none that a child zone hides."""

from __future__ import annotations

from collections.abc import Collection

import dns.flags
import dns.message
import dns.rrset
from dns.rdatatype import NS, SOA

from appliance.store import zones
from appliance.updates.messages import read_request
from appliance.updates.zone_transfer import MESSAGE_OCTETS, soa_record, transfer
from appliance.zones.model import Zone
from tests.workspace import APEX, SERVERS, Workspace

REQUEST = read_request(dns.message.make_query("example.com", "AXFR").to_wire())


def transferred(workspace: Workspace, zone: Zone) -> list[bytes]:
    """Return the messages of a transfer of the zone as it is stored now."""
    with workspace.store.reading():
        current = zones.get(zone.uuid, workspace.owner.scope)
        assert current
        return transfer(REQUEST, current, APEX)


def sets_of(messages: Collection[bytes]) -> list[dns.rrset.RRset]:
    """Return the answers of all messages, one for each record."""
    read = [dns.message.from_wire(one, one_rr_per_rrset=True) for one in messages]
    assert all(one.flags & dns.flags.AA and one.id == REQUEST.number for one in read)
    return [one for message in read for one in message.answer]


def test_soa_is_first_and_last_and_names_are_exact(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "TXT", "t", "text", ttl=60)
    workspace.add(zone, "NS", "@", "ns.example.net")
    first, *between, last = sets_of(transferred(workspace, zone))
    assert first == last and first.rdtype == SOA
    servers = {one[0].to_text() for one in between if one.rdtype == NS}
    assert servers == {*(server.to_text() for server in SERVERS), "ns.example.net."}
    assert [one.to_text() for one in between if one.rdtype != NS] == ['t.example.com. 60 IN TXT "text"']


def test_what_a_child_zone_hides_is_left_out(workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "A", "www", "192.0.2.1")
    workspace.zone("below.example.com")
    assert {str(one.name) for one in sets_of(transferred(workspace, zone))} == {"example.com.", "www.example.com."}


def test_a_large_zone_has_several_messages(workspace: Workspace) -> None:
    zone = workspace.zone()
    for number in range(8):
        workspace.add(zone, "TXT", f"t{number}", "x" * 4000)
    messages = transferred(workspace, zone)
    assert len(messages) > 1 and max(map(len, messages)) <= MESSAGE_OCTETS + 100
    assert len(sets_of(messages)) == 2 + len(SERVERS) + 8


def test_the_soa_alone_answers_over_udp(workspace: Workspace) -> None:
    zone = workspace.zone()
    (soa,) = sets_of([REQUEST.response(0, dns.flags.AA, soa_record(zone, APEX), 1)])
    assert f" {zone.serial} " in soa.to_text()
