"""Short ways to make what the deployer works with."""

from __future__ import annotations

from uuid import UUID, uuid4

import dns.name
from dns.name import Name

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.soa import SoaResponse
from appliance.store.deployments import ZoneStatus

NS1 = Nameserver("ns1.appliance.test", Endpoint("127.0.0.1", 5301))
NS2 = Nameserver("ns2.appliance.test", Endpoint("127.0.0.1", 5302))


NS3 = Nameserver("ns3.appliance.test", Endpoint("127.0.0.1", 5303))
CATALOG = dns.name.from_text("catalog.appliance.test")


def name(text: str) -> Name:
    return dns.name.from_text(text)


def standing(
    zone: str = "example.com",
    serial: int = 7,
    *,
    uuid: UUID | None = None,
    deleted: bool = False,
    records: int = 0,
) -> ZoneStatus:
    return ZoneStatus(
        uuid or uuid4(),
        name(zone),
        serial,
        records,
        deleted,
        removed=False,
        attempted=serial,
        live_serial=None,
        error=None,
    )


def answered(server: Nameserver, zone: str, serial: int | None) -> SoaResponse:
    return SoaResponse(server, name(zone), serial, 0 if serial is not None else 5, serial is not None)
