"""Zones of a running server."""

from __future__ import annotations

import dns.name
import pytest

from appliance.errors import CommandFailed
from appliance.imports.axfr import zones_of_server
from tests.pair import Pair


def test_a_zone_is_transferred_when_it_is_read(pair: Pair) -> None:
    name = dns.name.from_text("moves.test")
    source = zones_of_server(pair.primary, ["moves.test", "never.test"], pair.transfer_key)
    pair.create(name, 2099010107)
    pair.wait_for_serial(pair.primary, name, 2099010107)
    moves, never = source.zones
    data = moves.load()
    assert data.serial == 2099010107
    assert {(one.where, one.record.name, one.record.value, one.record.ttl) for one in data.records} == {
        (f"{pair.primary.name}: moves.test NS", "moves.test.", "ns1.appliance.test.", 300),
        (f"{pair.primary.name}: www.moves.test A", "www.moves.test.", "192.0.2.1", 300),
    }
    with pytest.raises(CommandFailed, match="NOTAUTH"):
        never.load()
