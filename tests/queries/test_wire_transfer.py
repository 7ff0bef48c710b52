"""Transfers record by record: complete, over one connection, and what a failure leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import dns.name
import pytest
from dns.name import Name

from appliance.addresses import LOOPBACK, Endpoint, Nameserver
from appliance.errors import CommandError, CommandFailed
from appliance.keys import Key, new_key
from appliance.queries.transfer import axfr
from appliance.queries.transfer_connection import TransferConnection
from appliance.queries.wire_transfer import transfer_records
from appliance.zones.delta import WireRecord
from tests.pair import Pair, free_port, small_zone


@contextmanager
def connection(server: Nameserver, key: Key) -> Iterator[TransferConnection]:
    with closing(TransferConnection(server.endpoint, key, lambda: datetime.now(UTC))) as opened:
        yield opened


def served(pair: Pair, zone: Name) -> Name:
    pair.create(zone, 3)
    pair.wait_for_serial(pair.secondary, zone, 3)
    return zone


def test_zones_are_transferred_one_after_the_other(pair: Pair) -> None:
    zones = [served(pair, dns.name.from_text(f"wire{number}.test")) for number in range(3)]
    for server in (pair.primary, pair.secondary):
        with connection(server, pair.transfer_key) as opened:
            for zone in zones:
                expected = {
                    WireRecord(one.owner.to_digestable(), one.rdtype, one.ttl, one.rdata.to_wire() or b"")
                    for one in axfr(server, zone, pair.transfer_key)
                }
                assert set(transfer_records(opened, zone)) == expected


def test_a_large_zone_comes_in_many_messages(pair: Pair) -> None:
    zone, uuid = dns.name.from_text("wirelarge.test"), None
    uuid = pair.create(zone, 3)
    pair.wait_for_serial(pair.primary, zone, 3)
    more = "".join(f"h{number}.{zone} 300 IN A 192.0.2.1\n" for number in range(5000))
    pair.put(uuid, small_zone(zone, 4) + more.encode())
    pair.control.resume_updates(zone)
    pair.wait_for_serial(pair.primary, zone, 4)
    with connection(pair.primary, pair.transfer_key) as opened:
        records = list(transfer_records(opened, zone))
        assert len(records) == len(set(records)) == 5003


def test_a_refused_transfer_is_an_error_and_the_next_one_is_made(pair: Pair) -> None:
    zone = served(pair, dns.name.from_text("wirenext.test"))
    with connection(pair.primary, pair.transfer_key) as opened:
        with pytest.raises(CommandFailed, match="NOTAUTH"):
            list(transfer_records(opened, dns.name.from_text("never.test")))
        assert len(list(transfer_records(opened, zone))) == 3
        next(transfer_records(opened, zone))
        opened.close()
        assert len(list(transfer_records(opened, zone))) == 3, "after one that was not read to its end"
    with connection(pair.primary, new_key("transfer")) as opened, pytest.raises(CommandFailed):
        list(transfer_records(opened, zone))
    nowhere = Nameserver("unreachable", Endpoint(LOOPBACK, free_port()))
    with connection(nowhere, pair.transfer_key) as opened, pytest.raises(CommandError, match="Connection refused"):
        list(transfer_records(opened, zone))
