"""The requests that clients of the PowerDNS API make, by their sources, and what each of them needs of the answers."""

from __future__ import annotations

import json
import re

import pytest

from tests.api.conftest import NS1, NS2
from tests.doors.conftest import SERVER, KeyClient
from tests.doors.powerdns.calls import CHALLENGE, ZONE, change, created, is_done, is_refused, patched, serial

WWW = "www.example.com."
OWN_NS = (f"{NS1}.", f"{NS2}.")


def test_lego(pdns: KeyClient) -> None:
    """It adds to the values that it finds, calls the paths that the zone names, and compares values with quotes."""
    created(pdns)
    (version,) = pdns.client.get("/api", headers={"X-API-Key": pdns.key}).get_json()
    assert version["version"] == 1
    for value in ("one", "two", "two"):
        found = pdns.rrsets("example.com.").get((CHALLENGE, "TXT"), [])
        contents = [*(old for old in found if old != f'"{value}"'), f'"{value}"']
        assert is_done(patched(pdns, {**change(CHALLENGE, "TXT", "REPLACE", *contents, ttl=120), "kind": "Master"}))
    zone = pdns("GET", ZONE).get_json()
    assert zone["kind"] == "Master" and zone["url"] == f"/api/v1/servers/localhost{ZONE}"
    assert pdns("PUT", f"{ZONE}/notify", data="").get_json() == {"result": "Notification queued"}
    assert sorted(pdns.rrsets("example.com.")[CHALLENGE, "TXT"]) == ['"one"', '"two"']
    before = serial(pdns)
    for _ in range(2):
        assert is_done(patched(pdns, {"name": CHALLENGE, "type": "TXT", "kind": "Master", "changetype": "DELETE"}))
    assert serial(pdns) == before + 1 and (CHALLENGE, "TXT") not in pdns.rrsets("example.com.")


def listed_by_acme_sh(pdns: KeyClient) -> list[str]:
    """Return the challenges that its patterns find in the text of the zone."""
    text = re.sub(r'" *: *(["{\[])', r'":\1', pdns("GET", "/zones/example.com.").text)
    parts = re.findall(rf'"name":"{CHALLENGE[:-1]}[^]]*}}', text)
    return [found for part in parts for found in re.findall(r'content":"\\"([^\\]*)', part)]


def test_acme_sh(pdns: KeyClient) -> None:
    """It reads JSON with patterns, sends a form, and deletes a set to write again what stays of it."""
    created(pdns)
    names = [f"{CHALLENGE[:-1]}.", "example.com.", "com.", "."]
    found = [pdns("GET", f"/zones?zone={name}").text.replace(" ", "") for name in names]
    assert ['"name":"example.com."' in text for text in found] == [False, True, False, False]

    def patch(*changes: object) -> None:
        form = {"content_type": "application/x-www-form-urlencoded"}
        assert is_done(pdns("PATCH", ZONE, data=json.dumps({"rrsets": changes}), **form))

    patch(change(CHALLENGE, "TXT", "REPLACE", '"one"'))
    patch(change(CHALLENGE, "TXT", "REPLACE", '"two"', '"one"'))
    assert sorted(listed_by_acme_sh(pdns)) == ["one", "two"]
    patch({"changetype": "DELETE", "name": CHALLENGE, "type": "TXT"})
    patch(change(CHALLENGE, "TXT", "REPLACE", '"two"'))
    assert listed_by_acme_sh(pdns) == ["two"] and pdns("PUT", f"{ZONE}/notify", data="").status_code == 200


def test_certbot_dns_powerdns(pdns: KeyClient) -> None:
    """It tries each name above the challenge, and finds `404 Not Found` in the error of requests."""
    created(pdns)
    for guess in ("_acme-challenge.www.example.com", "www.example.com"):
        assert is_refused(pdns("GET", f"/zones/{guess}.", data="{}"), "404 Not Found", "Not Found")
    assert pdns("GET", ZONE, data="{}", content_type="application/json").status_code == 200


def test_lexicon(pdns: KeyClient) -> None:
    """It sends a body with GET, REPLACE without records to delete, and an id without its final dot."""
    created(pdns)
    keys = {"Content-Type": "application/json"}
    assert pdns("GET", "/zones/example.com", data="{}", content_type=keys["Content-Type"]).status_code == 200
    sent = change(WWW, "CNAME", "REPLACE", "web.example.net.", ttl=3600)
    body = {"rrsets": [sent]}
    assert is_done(pdns("PATCH", "/zones/example.com", body))
    assert pdns.rrsets("example.com")[WWW, "CNAME"] == ["web.example.net."]
    assert pdns("PUT", "/zones/example.com/notify", {}).status_code == 200
    assert is_done(pdns("PATCH", "/zones/example.com", {"rrsets": [{**sent, "records": []}]}))
    assert (WWW, "CNAME") not in pdns.rrsets("example.com")


def test_octodns(pdns: KeyClient) -> None:
    """It patches, creates the zone after a 404 with the same sets, and reads back every type."""
    sets = [
        change("example.com.", "NS", "REPLACE", *OWN_NS, ttl=3600),
        change("example.com.", "MX", "REPLACE", "10 mail.example.net.", ttl=300),
        change("loc.example.com.", "LOC", "REPLACE", "52 22 23.000 N 4 53 32.000 E -2.00m 1.00m 10000.00m 10.00m"),
        change("txt.example.com.", "TXT", "REPLACE", r'"v=DKIM1\; p=x"'),
        change(WWW, "CNAME", "REPLACE", "web.example.net."),
    ]
    version = pdns("GET", "").get_json()["version"]
    assert [int(part) for part in version.split(".")] >= [4, 3]
    for answer in (pdns("GET", ZONE), patched(pdns, *sets)):
        assert is_refused(answer, "404 Not Found", "Not Found")
    body = {"name": "example.com.", "kind": "Master", "masters": [], "nameservers": [], "rrsets": sets}
    assert pdns("POST", "/zones", {**body, "soa_edit_api": "INCEPTION-INCREMENT", "serial": 0}).status_code == 201
    found = pdns.rrsets("example.com.")
    assert found["txt.example.com.", "TXT"] == ['"v=DKIM1; p=x"']
    assert found["loc.example.com.", "LOC"] == ["52 22 23.000 N 4 53 32.000 E -2.00m 1.00m 10000.00m 10.00m"]
    deleted = change(WWW, "CNAME", "DELETE", "web.example.net.")
    before = serial(pdns)
    assert is_done(patched(pdns, deleted, change(WWW, "A", "REPLACE", "192.0.2.9"))) and serial(pdns) == before + 1


def test_external_dns(pdns: KeyClient) -> None:
    """It reads the list and each zone, and deletes with records and without a TTL."""
    created(pdns)
    (zone,) = pdns("GET", "/zones").get_json()
    assert (zone["id"], zone["name"]) == ("example.com.", "example.com.")
    owner = '"heritage=external-dns,external-dns/owner=default,external-dns/resource=ingress/web/shop"'
    sets = [
        change(WWW, "A", "REPLACE", "192.0.2.1", "192.0.2.2"),
        change("a-www.example.com.", "TXT", "REPLACE", owner),
    ]
    assert is_done(patched(pdns, *sets))
    assert pdns.rrsets("example.com.")["a-www.example.com.", "TXT"] == [owner]
    deleted = [{key: value for key, value in one.items() if key != "ttl"} | {"changetype": "DELETE"} for one in sets]
    assert is_done(patched(pdns, *deleted))
    assert {record_type for _, record_type in pdns.rrsets("example.com.")} == {"SOA", "NS"}


def test_cert_manager(pdns: KeyClient) -> None:
    """It sends a bearer token and TTL 0, and removes the last value with an empty list."""
    created(pdns)
    headers = {"Authorization": f"Bearer {pdns.key}"}
    for contents in (['"one"'], ['"one"', '"two"'], []):
        body = {"rrsets": [change(CHALLENGE, "TXT", "REPLACE", *contents, ttl=0)]}
        assert is_done(pdns.client.patch(f"{SERVER}{ZONE}", headers=headers, json=body))
        zone = pdns.client.get(f"{SERVER}{ZONE}", headers=headers).get_json()
        found = [one for one in zone["rrsets"] if one["type"] == "TXT"]
        assert sorted(record["content"] for one in found for record in one["records"]) == contents
        assert all(one["ttl"] == 0 for one in found)


def test_dnscontrol(pdns: KeyClient) -> None:
    """It deletes in one PATCH and changes in the next, with nothing but null where there is nothing."""
    created(pdns)
    assert pdns("GET", f"{ZONE}/cryptokeys").get_json() == []
    whole = {"name": "", "type": "Zone", "nameservers": []}
    svcb = {**change("svc.example.com.", "HTTPS", "REPLACE", "1 . alpn=h3,h2"), "comments": None}
    assert is_done(pdns("PATCH", ZONE, {**whole, "rrsets": [svcb]}))
    assert pdns.rrsets("example.com.")["svc.example.com.", "HTTPS"] == ["1 . alpn=h3,h2"]
    deleted = {**change("svc.example.com.", "HTTPS", "DELETE", ttl=0), "records": None, "comments": None}
    assert is_done(pdns("PATCH", ZONE, {**whole, "rrsets": [deleted]}))


def test_libdns(pdns: KeyClient) -> None:
    """It finds the zone by its name alone, and keeps the records that a set has."""
    created(pdns)
    (zone,) = pdns("GET", "/zones?zone=example.com.").get_json()
    assert pdns("GET", "/zones?zone=example.org.").get_json() == []
    for value in ('"one"', '"two"'):
        found = pdns.rrsets(zone["id"]).get((CHALLENGE, "TXT"), [])
        sent = {**change(CHALLENGE, "TXT", "REPLACE", *found, value, ttl=0), "comments": []}
        assert is_done(pdns("PATCH", f"/zones/{zone['id']}", {"name": "", "rrsets": [sent]}))
    assert sorted(pdns.rrsets(zone["id"])[CHALLENGE, "TXT"]) == ['"one"', '"two"']


@pytest.mark.parametrize(
    ("record_type", "contents"),
    [
        ("A", ["192.0.2.1"]),
        ("MX", ["10 mail.example.net.", "20 mx.example.net."]),
        ("SRV", ["5 10 5060 sip.example.net."]),
        ("TXT", ['"one two"', r'"three\" four"', '"part one " "part two"', f'"{"x" * 400}"']),
        ("CAA", ['0 issue "letsencrypt.org"']),
    ],
)
def test_terraform(pdns: KeyClient, record_type: str, contents: list[str]) -> None:
    """It plans a change of every set that does not come back as it was written."""
    assert pdns.client.get("/api/v1/servers", headers={"X-API-Key": pdns.key}).status_code == 200
    created(pdns, id="", url="", kind="Master", dnsssec=False, serial=0, masters=None, soa_edit_api="DEFAULT")
    name = f"{record_type.lower()}.example.com."
    extra = {"name": name, "type": record_type, "ttl": 300, "set-ptr": False}
    records = [{**extra, "content": content, "disabled": False} for content in contents]
    assert is_done(patched(pdns, {**change(name, record_type, "REPLACE", ttl=300), "records": records}))
    assert sorted(pdns.rrsets("example.com.")[name, record_type]) == sorted(contents)
    assert is_done(patched(pdns, {"name": name, "type": record_type, "changetype": "DELETE", "ttl": 0}))
    assert is_done(pdns("PUT", ZONE, {"name": "example.com.", "kind": "Master", "account": ""}))
    assert is_done(pdns("DELETE", ZONE)) and pdns("GET", ZONE).status == "404 Not Found"


def test_powerdns_admin(pdns: KeyClient) -> None:
    """It sends deletions and replacements in one PATCH, with comments that are empty or filled, and both at once."""
    created(pdns)
    patched(pdns, change(WWW, "A", "REPLACE", "192.0.2.1"), change("t.example.com.", "TXT", "REPLACE", '"x"'))
    read = {"name", "kind", "masters", "serial", "notified_serial", "last_check", "dnssec", "account"}
    assert read <= pdns("GET", "/zones").get_json()[0].keys()
    before = serial(pdns)
    sets = [
        {"name": WWW, "type": "A", "changetype": "DELETE"},
        {**change(WWW, "CNAME", "REPLACE", "web.example.net."), "comments": []},
        {**change("t.example.com.", "TXT", "REPLACE", '"y"'), "comments": [{"content": "why", "account": ""}]},
    ]
    assert is_done(patched(pdns, *sets)) and serial(pdns) == before + 1
    assert is_refused(pdns("POST", "/zones", {"name": "example.com.", "kind": "NATIVE"}), "409 Conflict")
    assert is_refused(pdns("GET", "/search-data?q=www"), "501 Not Implemented")
