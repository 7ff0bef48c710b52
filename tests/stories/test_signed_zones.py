"""A zone that the API creates signed: it is live at once, and has its keys again after a deletion and a restoration."""

from __future__ import annotations

from typing import Any

import dns.message
import dns.query
from dns.rdatatype import RRSIG

from tests.appliance import Appliance, Client
from tests.pair import LOOPBACK, wait_for

DOMAIN = "created-signed.example"
PATH = f"/dns-zones/{DOMAIN}/"
WWW = {"record_type": "A", "name": "www", "value": "192.0.2.1", "ttl": 300}


def dnssec(api: Client) -> dict[str, Any]:
    """Return the DNSSEC of the zone."""
    return dict(api.expect(200, "GET", f"{PATH}dnssec/"))


def wait_until_signed(api: Client) -> dict[str, Any]:
    """Return the DNSSEC of the zone when every nameserver serves it signed."""
    wait_for(lambda: dnssec(api)["state"] == "ds-wait", "ds-wait")
    return dnssec(api)


def is_signed(appliance: Appliance, server: int) -> bool:
    """Return whether the answer of a nameserver for an address has a signature."""
    query = dns.message.make_query(f"www.{DOMAIN}", "A", want_dnssec=True)
    reply, _ = dns.query.udp_with_fallback(query, LOOPBACK, timeout=2, port=appliance.ports.dns + server - 1)
    return any(rrset.rdtype == RRSIG for rrset in reply.answer)


def is_live(api: Client, method: str, path: str, body: object = None) -> bool:
    """Send a write, and return whether it is live afterwards."""
    return api(method, path, body, {"Prefer": "wait=60"}).headers.get("X-Deployment") == "live"


def test_a_zone_is_created_signed_deleted_and_restored_with_its_keys(appliance: Appliance, api: Client) -> None:
    assert is_live(api, "POST", "/dns-zones/", {"domain": DOMAIN, "dnssec": True, "records": [WWW]})
    before = wait_until_signed(api)
    assert [one["signed"] for one in before["nameservers"]] == [True, True] and not before["ds"][0]["publish"]
    assert is_signed(appliance, 1) and is_signed(appliance, 2)
    assert "TYPE65280" not in api("GET", f"{PATH}zonefile/").text
    assert api.expect(200, "POST", f"{PATH}dnssec/confirm/", {"ds": "published"})["state"] == "secured"
    assert api.expect(428, "DELETE", PATH)["error_code"] == "confirmation_required"
    assert is_live(api, "DELETE", f"{PATH}?ds=withdrawn")
    assert is_live(api, "POST", f"{PATH}restore/")
    after = wait_until_signed(api)
    assert [one["key_tag"] for one in after["keys"]] == [one["key_tag"] for one in before["keys"]]
    assert is_signed(appliance, 1) and is_signed(appliance, 2)
