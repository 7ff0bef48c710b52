"""Zone transfers: complete with the key, refused without."""

from __future__ import annotations

import dns.name
import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.errors import CommandFailed
from appliance.keys import new_key
from appliance.queries.transfer import axfr
from tests.pair import LOOPBACK, Pair, free_port

ZONE = dns.name.from_text("transfer.test")


def test_a_transfer_needs_the_key(pair: Pair) -> None:
    pair.create(ZONE, 3)
    for server in (pair.primary, pair.secondary):
        pair.wait_for_serial(server, ZONE, 3)
        records = axfr(server, ZONE, pair.transfer_key)
        assert {(str(one.owner), one.ttl, one.rdtype.name) for one in records} == {
            ("transfer.test.", 300, "SOA"),
            ("transfer.test.", 300, "NS"),
            ("www.transfer.test.", 300, "A"),
        }
        with pytest.raises(CommandFailed, match="REFUSED"):
            axfr(server, ZONE, None)
        with pytest.raises(CommandFailed):
            axfr(server, ZONE, new_key("transfer"))


def test_a_transfer_is_limited_in_octets(pair: Pair) -> None:
    zone = dns.name.from_text("limited.test")
    pair.create(zone, 3)
    pair.wait_for_serial(pair.primary, zone, 3)
    assert len(axfr(pair.primary, zone, pair.transfer_key, limit=1000)) == 3
    with pytest.raises(CommandFailed, match="too large"):
        axfr(pair.primary, zone, pair.transfer_key, limit=100)


def test_a_zone_that_is_not_served_and_an_unreachable_nameserver(pair: Pair) -> None:
    with pytest.raises(CommandFailed, match="NOTAUTH"):
        axfr(pair.primary, dns.name.from_text("never.test"), pair.transfer_key)
    with pytest.raises(CommandFailed, match="refused"):
        axfr(Nameserver("unreachable", Endpoint(LOOPBACK, free_port())), ZONE, pair.transfer_key)
