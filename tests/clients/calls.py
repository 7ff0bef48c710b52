"""Requests as the source code of a client makes them, and the expected status of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

SERVER = "/api/v1/servers/localhost"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of an appliance with the headers of a client."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def call(self, status: int, method: str, path: str, body: object = None) -> requests.Response:
        """Send a request, with JSON if there is a body; check the status of the response."""
        with requests.Session() as session:
            session.trust_env = False
            data = None if body is None else json.dumps(body)
            response = session.request(method, self.url + path, data=data, headers=dict(self.headers), timeout=30)
        assert response.status_code == status, f"{method} {path} {data}: {response.status_code} {response.text}"
        return response

    def zone(self, zone_id: str) -> Json:
        """Return a zone from the PowerDNS API."""
        zone: Json = self.call(200, "GET", f"{SERVER}/zones/{zone_id}").json()
        return zone

    def patch(self, zone_id: str, *rrsets: Json, **more: object) -> None:
        """Change sets of a zone by the PowerDNS API."""
        self.call(204, "PATCH", f"{SERVER}/zones/{zone_id}", {**more, "rrsets": list(rrsets)})


def replace(name: str, rdtype: str, ttl: int, *contents: str) -> Json:
    """Return a set of PowerDNS that replaces what there is."""
    records = [{"content": content, "disabled": False} for content in contents]
    return {"name": name, "type": rdtype, "ttl": ttl, "changetype": "REPLACE", "records": records}


def contents_of(zone: Json, name: str, rdtype: str) -> list[str]:
    """Return the contents of a set of a zone of PowerDNS; none if there is no such set."""
    rrsets = zone["rrsets"]
    assert isinstance(rrsets, list)
    found = [rrset["records"] for rrset in rrsets if (rrset["name"], rrset["type"]) == (name, rdtype)]
    return sorted(record["content"] for records in found for record in records)
