"""Transfers record by record: complete, over one connection, and what a failure leaves."""

from __future__ import annotations

from contextlib import closing

import dns.name
import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.errors import CommandFailed
from appliance.keys import new_key
from appliance.queries.transfer import axfr
from appliance.queries.wire_transfer import WireTransfers
from appliance.zones.delta import WireRecord
from tests.pair import LOOPBACK, Pair, free_port, small_zone


def test_zones_are_transferred_one_after_the_other(pair: Pair) -> None:
    zones = [dns.name.from_text(f"wire{number}.test") for number in range(3)]
    for zone in zones:
        pair.create(zone, 3)
        pair.wait_for_serial(pair.secondary, zone, 3)
    for server in (pair.primary, pair.secondary):
        with closing(WireTransfers(server, pair.transfer_key)) as transfers:
            for zone in zones:
                expected = {
                    WireRecord(one.owner.to_digestable(), one.rdtype, one.ttl, one.rdata.to_wire() or b"")
                    for one in axfr(server, zone, pair.transfer_key)
                }
                assert set(transfers.transfer(zone)) == expected


def test_a_large_zone_comes_in_many_messages(pair: Pair) -> None:
    zone = dns.name.from_text("wirelarge.test")
    uuid = pair.create(zone, 3)
    pair.wait_for_serial(pair.primary, zone, 3)
    more = "".join(f"h{number}.{zone} 300 IN A 192.0.2.1\n" for number in range(5000))
    pair.put(uuid, small_zone(zone, 4) + more.encode())
    pair.control.reload(zone)
    pair.wait_for_serial(pair.primary, zone, 4)
    with closing(WireTransfers(pair.primary, pair.transfer_key)) as transfers:
        records = list(transfers.transfer(zone))
        assert len(records) == len(set(records)) == 5003


def test_a_refused_transfer_is_an_error_and_the_next_one_is_made(pair: Pair) -> None:
    zone = dns.name.from_text("wirenext.test")
    pair.create(zone, 3)
    pair.wait_for_serial(pair.primary, zone, 3)
    with closing(WireTransfers(pair.primary, pair.transfer_key)) as transfers:
        with pytest.raises(CommandFailed, match="response code 9"):
            list(transfers.transfer(dns.name.from_text("never.test")))
        assert len(list(transfers.transfer(zone))) == 3
    with closing(WireTransfers(pair.primary, new_key("transfer"))) as transfers, pytest.raises(CommandFailed):
        list(transfers.transfer(zone))
    nowhere = Nameserver("unreachable", Endpoint(LOOPBACK, free_port()))
    with pytest.raises(CommandFailed, match="unreachable: Connection refused"):
        list(WireTransfers(nowhere, pair.transfer_key).transfer(zone))
