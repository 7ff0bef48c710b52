"""Short ways to build what the deployer works with."""

from __future__ import annotations

from uuid import UUID, uuid4

import dns.name
from dns.name import Name

from appliance.addresses import LOOPBACK, Endpoint, Nameserver
from appliance.deploy.publishing.publisher import Expectation, SerialServed, ZoneAbsent
from appliance.queries.soa import SoaResponse
from appliance.store.deployments import ZoneStatus

NS1 = Nameserver("ns1.appliance.test", Endpoint(LOOPBACK, 5301))
NS2 = Nameserver("ns2.appliance.test", Endpoint(LOOPBACK, 5302))
NS3 = Nameserver("ns3.appliance.test", Endpoint(LOOPBACK, 5303))
CATALOG = dns.name.from_text("catalog.appliance.test")


def name(text: str) -> Name:
    return dns.name.from_text(text)


def zone_status(
    zone: str = "example.com",
    serial: int = 7,
    *,
    uuid: UUID | None = None,
    deleted: bool = False,
    records: int = 0,
    live_serial: int | None = None,
    removed: bool = False,
) -> ZoneStatus:
    return ZoneStatus(
        uuid or uuid4(),
        name(zone),
        serial,
        records,
        deleted,
        removed=removed,
        attempted=serial,
        live_serial=live_serial,
        error=None,
    )


def answered(server: Nameserver, zone: str, serial: int | None) -> SoaResponse:
    return SoaResponse(server, name(zone), serial, 0 if serial is not None else 5, serial is not None)


def expected(serial: int | None, _: Nameserver) -> Expectation:
    return ZoneAbsent() if serial is None else SerialServed(serial)
