"""Zones and RRsets as JSON. At the apex are the records that the appliance derives, merged with those of the zone."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.doors.powerdns.zone_ids import zone_id
from appliance.render.zone_file import Apex, soa_line
from appliance.zones.model import Record, Zone
from appliance.zones.record_text import print_content, print_name

JSON = dict[str, Any]


def zone_document(zone: Zone) -> JSON:
    """Return a zone as the list of zones has it."""
    name = zone_id(zone.name)
    return {
        "account": "",
        "catalog": "",
        "dnssec": zone.dnssec,
        "edited_serial": zone.serial,
        "id": name,
        "kind": "Master",
        "last_check": 0,
        "masters": [],
        "name": print_name(zone.name),
        "notified_serial": zone.serial,
        "serial": zone.serial,
        "url": f"/api/v1/servers/localhost/zones/{name}",
    }


def whole_document(zone: Zone, rrsets: Iterable[JSON] | None) -> JSON:
    """Return a zone by itself, with these RRsets, or without any list of them."""
    document = {
        **zone_document(zone),
        "api_rectify": False,
        "master_tsig_key_ids": [],
        "nsec3narrow": False,
        "nsec3param": "",
        "slave_tsig_key_ids": [],
        "soa_edit": "",
        "soa_edit_api": "DEFAULT",
    }
    return document if rrsets is None else document | {"rrsets": list(rrsets)}


def rrset_documents(zone: Zone, records: Iterable[Record], apex: Apex) -> Iterator[JSON]:
    """Yield the RRsets of a zone: SOA and NS of its apex, then those of `records`, which are in the order of owners."""
    servers = [print_name(server) for server in apex.servers]
    yield _rrset(zone.name, "SOA", apex.ttl, [soa_content(zone.name, zone.serial, apex)])
    own, others = list[str](), list[JSON]()
    for (owner, rdtype), members in itertools.groupby(records, lambda one: (one.owner, one.rdtype)):
        found = list(members)
        contents = list(map(print_content, found))
        if rdtype == RdataType.NS and owner == zone.name:
            own = contents
        else:
            others.append(_rrset(owner, rdtype.name, found[0].ttl, contents))
    yield _rrset(zone.name, "NS", apex.ttl, [*servers, *own])
    yield from others


def soa_content(zone: Name, serial: int, apex: Apex) -> str:
    """Return the data of the SOA record of the zone of that name."""
    return soa_line(zone, serial, apex).split(" ", maxsplit=4)[4]


def is_wanted(rrset: JSON, name: str | None, record_type: str | None) -> bool:
    """Return whether an RRset has the name and type of a filter; None: any."""
    wanted = None if name is None else f"{name.lower().removesuffix('.')}."
    return wanted in (None, rrset["name"]) and (record_type is None or record_type.upper() == rrset["type"])


def _rrset(owner: Name, record_type: str, ttl: int, contents: Iterable[str]) -> JSON:
    records = [{"content": content, "disabled": False} for content in contents]
    return {"comments": [], "name": print_name(owner), "records": records, "ttl": ttl, "type": record_type}
