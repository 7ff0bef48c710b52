"""Challenge records in the zones of the appliance. Nothing here depends on certbot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from certbot_dns_appliance.api import Api, ApiError

TTL = 60
WAIT = 60
"""TTL of a new challenge, and for how long to wait until it is served, in seconds."""


class NoZone(Exception):
    """The token sees no zone with this name in it."""


def present(api: Api, name: str, value: str) -> bool:
    """Add the challenge beside others of its name. Return whether every nameserver was seen serving it.

    What is there already is left as it is. Raise NoZone or ApiError.
    """
    zone = zone_of(api, name)
    there = [*challenges(api, zone, name)]
    if any(record["value"] == value for record in there):
        return True
    ttl = there[0]["ttl"] if there else TTL
    record = {"record_type": "TXT", "name": f"{name}.", "value": value, "ttl": ttl}
    return api.post(f"dns-zones/{zone}/records/", record, wait=WAIT).live


def remove(api: Api, name: str, value: str) -> None:
    """Remove this challenge and no other. Do nothing if it is gone. Raise NoZone or ApiError."""
    for record in challenges(api, zone_of(api, name), name):
        if record["value"] == value:
            delete(api, record["uuid"])


def delete(api: Api, uuid: str) -> None:
    """Delete a record that may be gone. Raise ApiError."""
    try:
        api.delete(f"dns-records/{uuid}/")
    except ApiError as error:
        if error.status != 404:
            raise


def challenges(api: Api, zone: str, name: str) -> Iterator[dict[str, Any]]:
    """Yield the TXT records of a name. Raise ApiError."""
    return api.listed("dns-records/", zone=zone, record_type="TXT", name=f"{name}.")


def zone_of(api: Api, name: str) -> str:
    """Return the uuid of the longest zone that has the name in it. Raise NoZone or ApiError."""
    labels = name.split(".")
    for first in range(len(labels)):
        if found := api.get("dns-zones/", domain=".".join(labels[first:])).document:
            return str(found[0]["uuid"])
    raise NoZone(f"no zone that the token sees has {name} in it: create one, or use a token for its zone")
