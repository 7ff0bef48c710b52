"""The PowerDNS API: its documents, changes, errors, permissions and switch."""

from __future__ import annotations

import json
from dataclasses import replace

import dns.name
import pytest

from appliance.app import create_app
from appliance.principal import TokenLimits
from appliance.settings import DoorsSettings
from appliance.store import zones
from appliance.zones.model import Zone
from appliance.zones.signing import SigningKey, Timing
from tests.api.conftest import NS1, NS2, Application
from tests.doors.conftest import SERVER, KeyClient
from tests.doors.powerdns.calls import CHALLENGE, ZONE, change, created, is_done, is_refused, patched, serial
from tests.signing import key, signed, store_signing

OWN_NS = [f"{NS1}.", f"{NS2}."]
DISABLED = change("a.example.com.", "A", "REPLACE") | {"records": [{"content": "192.0.2.1", "disabled": True}]}


def test_clients_find_the_version_and_the_server(pdns: KeyClient) -> None:
    headers = {"X-API-Key": pdns.key}
    assert pdns.client.get("/api", headers=headers).get_json() == [{"url": "/api/v1", "version": 1}]
    server = pdns("GET", "").get_json()
    assert (server["id"], server["type"], server["daemon_type"], server["version"]) == (
        "localhost",
        "Server",
        "authoritative",
        "4.9.12",
    )
    assert pdns.client.get("/api/v1/servers", headers=headers).get_json() == [server]
    assert pdns("GET", "/config").get_json() == [] and pdns("GET", "/statistics").get_json() == []
    other = pdns.client.get("/api/v1/servers/other", headers=headers)
    assert is_refused(other, "404 Not Found", "Not Found")


def test_every_form_of_the_credential_is_accepted_and_others_are_401(pdns: KeyClient) -> None:
    web, path = pdns.client, f"{SERVER}/zones"
    assert web.get(path, auth=("anyone", pdns.key)).status_code == 200
    assert web.get(path, headers={"Authorization": f"Bearer {pdns.key}"}).status_code == 200
    assert web.get(path).headers["WWW-Authenticate"] == 'X-API-Key realm="PowerDNS"'
    for headers in ({}, {"X-API-Key": "vps_wrong"}, {"X-API-Key": ""}):
        assert is_refused(web.get(path, headers=headers), "401 Unauthorized", "Unauthorized")
    assert is_refused(web.get(f"{SERVER}/nothing"), "401 Unauthorized")


def test_a_zone_has_sorted_keys_and_every_field(pdns: KeyClient) -> None:
    created(pdns)
    answer = pdns("GET", ZONE)
    document = json.loads(answer.text)
    assert list(document) == sorted(document)
    assert set(document) == {
        *("account", "api_rectify", "catalog", "dnssec", "edited_serial", "id", "kind", "last_check"),
        *("master_tsig_key_ids", "masters", "name", "notified_serial", "nsec3narrow", "nsec3param", "rrsets", "serial"),
        *("slave_tsig_key_ids", "soa_edit", "soa_edit_api", "url"),
    }
    assert (document["id"], document["kind"], document["soa_edit_api"]) == ("example.com.", "Master", "DEFAULT")
    for rrset in document["rrsets"]:
        assert list(rrset) == ["comments", "name", "records", "ttl", "type"] and rrset["comments"] == []
        assert all(list(record) == ["content", "disabled"] for record in rrset["records"])
    assert "rrsets" not in pdns("GET", f"{ZONE}?rrsets=false").get_json()
    (listed,) = pdns("GET", "/zones").get_json()
    assert "rrsets" not in listed and listed["id"] == "example.com."


@pytest.mark.parametrize("form", ["example.com", "example.com.", "EXAMPLE.com.", "example=2Ecom=2E", "example%2Ecom"])
def test_a_zone_is_found_by_every_form_of_its_id(pdns: KeyClient, form: str) -> None:
    created(pdns)
    assert pdns("GET", f"/zones/{form}").get_json()["name"] == "example.com."
    assert pdns("GET", f"/zones/{form}/").get_json()["name"] == "example.com."


def test_zones_are_listed_by_name(pdns: KeyClient) -> None:
    created(pdns)
    assert [one["name"] for one in pdns("GET", "/zones?zone=Example.com").get_json()] == ["example.com."]
    assert pdns("GET", "/zones?zone=example.net.").get_json() == pdns("GET", "/zones?zone=!").get_json() == []


def test_a_body_without_its_media_type_is_read(pdns: KeyClient) -> None:
    created(pdns)
    body = json.dumps({"rrsets": [change(CHALLENGE, "TXT", "REPLACE", '"one"')]})
    form = pdns("PATCH", ZONE, data=body, content_type="application/x-www-form-urlencoded")
    assert form.status_code == 204 and pdns("GET", ZONE, data="{}").status_code == 200


def test_a_ttl_may_be_a_string(pdns: KeyClient) -> None:
    created(pdns)
    replaced = change("www.example.com.", "A", "REPLACE", "192.0.2.1")
    assert is_done(patched(pdns, replaced | {"ttl": "300"}))
    (found,) = pdns("GET", f"{ZONE}?rrset_name=www.example.com.").get_json()["rrsets"]
    assert found["ttl"] == 300
    assert is_refused(patched(pdns, replaced | {"ttl": "5m"}), "422 Unprocessable Entity", "ttl must be an integer")


def test_delete_and_replace_of_one_set_keep_what_both_have(pdns: KeyClient) -> None:
    created(pdns)
    replaced = change("www.example.com.", "A", "REPLACE", "192.0.2.1")
    patched(pdns, replaced)
    before = serial(pdns)
    deleted = {"name": "www.example.com.", "type": "A", "changetype": "DELETE", "records": None}
    assert patched(pdns, replaced, deleted).status_code == 204 and serial(pdns) == before


def test_extend_and_prune_change_one_record(pdns: KeyClient) -> None:
    created(pdns)
    name = "example.com."
    patched(pdns, change(name, "MX", "REPLACE", "10 a.example.net."))
    assert patched(pdns, change(name, "MX", "EXTEND", "20 b.example.net")).status_code == 204
    assert pdns.rrsets(name)[name, "MX"] == ["10 a.example.net.", "20 b.example.net."]
    assert patched(pdns, change(name, "MX", "PRUNE", "10 a.example.net.")).status_code == 204
    assert pdns.rrsets(name)[name, "MX"] == ["20 b.example.net."]


def test_an_alias_replaces_addresses_in_one_call(pdns: KeyClient) -> None:
    created(pdns)
    name = "www.example.com."
    patched(pdns, change(name, "A", "REPLACE", "192.0.2.1"))
    answer = patched(pdns, change(name, "CNAME", "REPLACE", "example.net."), change(name, "A", "DELETE"))
    assert answer.status_code == 204 and pdns.rrsets("example.com")[name, "CNAME"] == ["example.net."]


def test_the_apex_has_soa_and_all_nameservers(pdns: KeyClient) -> None:
    created(pdns, nameservers=[f"{NS1}.", "ns.example.net."])
    name = "example.com."
    rrsets = pdns.rrsets(name)
    assert rrsets[name, "NS"] == [*OWN_NS, "ns.example.net."]
    (soa,) = rrsets[name, "SOA"]
    same = [change(name, "SOA", "REPLACE", soa, ttl=3600), change(name, "NS", "REPLACE", *OWN_NS, ttl=3600)]
    assert patched(pdns, *same).status_code == 204
    assert pdns.rrsets(name)[name, "NS"] == OWN_NS
    for refused in (
        change(name, "NS", "REPLACE", "ns.example.net.", ttl=3600),
        change(name, "NS", "REPLACE", *OWN_NS, ttl=60),
        change(name, "NS", "DELETE"),
        change(name, "NS", "PRUNE", OWN_NS[0]),
        change(name, "SOA", "DELETE"),
        change(name, "SOA", "REPLACE", f"{soa}0", ttl=3600),
    ):
        assert is_refused(patched(pdns, refused), "422 Unprocessable Entity", f"RRset {name} IN {refused['type']}")


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ([change("a.example.com.", "A", "REPLACE", "x")], ["RRset a.example.com. IN A", "IPv4"]),
        ([change("a.example.com.", "ALIAS", "REPLACE", "b.example.net.")], ["IN ALIAS", "not supported"]),
        ([change("a.example.net.", "A", "REPLACE", "192.0.2.1")], ["a.example.net.", "outside the zone"]),
        ([change("a.example.com.", "A", "REPLACE", "192.0.2.1", ttl=None)], ["ttl is required"]),
        ([change("a.example.com.", "A", "REPLACE", "192.0.2.1")] * 2, ["twice", "REPLACE"]),
        ([change("a.example.com.", "A", "REPLACE", "192.0.2.1", "192.0.2.1")], ["identical"]),
        ([DISABLED], ["disabled"]),
        ([change("a.example.com.", "A", "CHANGE")], ["changetype"]),
        ([change("a.example.com.", "MX", "REPLACE", "mail.example.net.")], ["priority"]),
        (
            [
                change("a.example.com.", "CNAME", "REPLACE", "b.example.net."),
                change("a.example.com.", "A", "REPLACE", "192.0.2.1"),
            ],
            ["CNAME"],
        ),
        (
            [change("a.example.com.", "A", "REPLACE", *(f"192.0.2.{number}" for number in range(101)))],
            ["a.example.com.", "101 records", "at most 100"],
        ),
        (["x"], ["object"]),
        ([{}], ["object"]),
    ],
)
def test_what_cannot_be_stored_is_422_and_names_set_and_reason(
    pdns: KeyClient, changes: list[object], texts: list[str]
) -> None:
    created(pdns)
    before = serial(pdns)
    assert is_refused(patched(pdns, *changes), "422 Unprocessable Entity", *texts)
    assert serial(pdns) == before


@pytest.mark.parametrize("body", ["", "[]", "{", '{"rrsets": {}}', '{"rrsets": null}', "\x00"])
def test_a_broken_body_is_422(pdns: KeyClient, body: str) -> None:
    created(pdns)
    assert is_refused(pdns("PATCH", ZONE, data=body), "422 Unprocessable Entity")


def test_a_zone_is_created_with_its_rrsets_once(application: Application, pdns: KeyClient) -> None:
    rrsets = [{"name": "www.example.com.", "type": "A", "ttl": 0, "records": [{"content": "192.0.2.1"}]}]
    created(pdns, rrsets=rrsets, masters=[], soa_edit_api="", account="x")
    assert pdns.rrsets("example.com")["www.example.com.", "A"] == ["192.0.2.1"]
    other = KeyClient(pdns.client, application.secret("other@example.org", "dns:*"))
    for client in (pdns, other):
        again = client("POST", "/zones", {"name": "example.com.", "kind": "Native"})
        assert is_refused(again, "409 Conflict", "Conflict")
    assert is_refused(other("GET", ZONE), "404 Not Found")
    slave = pdns("POST", "/zones", {"name": "example.net.", "kind": "Slave"})
    assert is_refused(slave, "422 Unprocessable Entity", "kind")
    assert pdns("DELETE", ZONE).status == "204 No Content"
    assert is_refused(pdns("DELETE", ZONE), "404 Not Found")


def test_settings_are_accepted_and_not_kept(pdns: KeyClient) -> None:
    created(pdns)
    assert pdns("PUT", ZONE, {"kind": "Native", "soa_edit": "X"}).status_code == 204
    assert pdns("GET", ZONE).get_json()["kind"] == "Master"
    assert is_refused(pdns("PUT", ZONE, {"dnssec": True}), "422 Unprocessable Entity", "dnssec cannot be changed here")
    assert pdns("PUT", ZONE, {"dnssec": False}).status_code == 204
    assert pdns("GET", f"{ZONE}/cryptokeys").get_json() == pdns("GET", f"{ZONE}/metadata").get_json() == []
    assert is_refused(pdns("POST", f"{ZONE}/cryptokeys", {}), "501 Not Implemented")
    assert is_refused(pdns("PUT", f"{ZONE}/metadata/API-RECTIFY", {}), "501 Not Implemented")
    none = {"kind": "API-RECTIFY", "metadata": [], "type": "Metadata"}
    assert pdns("GET", f"{ZONE}/metadata/API-RECTIFY").get_json() == none
    assert is_refused(pdns("GET", f"{ZONE}/cryptokeys/1"), "404 Not Found")
    assert is_refused(pdns("GET", "/search-data"), "501 Not Implemented")
    assert pdns("PUT", f"{ZONE}/rectify").status_code == 200
    export = pdns("GET", f"{ZONE}/export")
    assert export.mimetype == "text/plain" and " IN SOA " in export.text


def test_a_challenge_token_can_do_its_task_and_nothing_else(application: Application, pdns: KeyClient) -> None:
    created(pdns)
    limits = TokenLimits(record_types=("TXT",), record_names=("_acme-challenge", "_acme-challenge.*"))
    secret = application.secret("me@example.org", "dns:list", "dns:create", "dns:delete", limits=limits)
    limited = KeyClient(pdns.client, secret)
    assert patched(limited, change(CHALLENGE, "TXT", "REPLACE", '"one"')).status_code == 204
    assert patched(limited, change(CHALLENGE, "TXT", "REPLACE", '"one"', '"two"')).status_code == 204
    assert patched(limited, change(CHALLENGE, "TXT", "DELETE")).status_code == 204
    for name, record_type, content in (("www.example.com.", "TXT", '"x"'), (CHALLENGE, "A", "192.0.2.1")):
        refused = patched(limited, change(name, record_type, "REPLACE", content))
        assert is_refused(refused, "403 Forbidden", "may not write")
    assert is_refused(limited("DELETE", ZONE), "403 Forbidden")


def test_who_may_not_create_a_zone_does_not_learn_whether_it_exists(application: Application, pdns: KeyClient) -> None:
    application.bearer("other@example.org").zone("example.net")
    limits = TokenLimits(record_types=("TXT",), record_names=("_acme-challenge",))
    limited = KeyClient(pdns.client, application.secret("me@example.org", "dns:create", limits=limits))
    for domain in ("example.net", "example.com"):
        assert is_refused(limited("POST", "/zones", {"name": domain}), "403 Forbidden", f"create the zone {domain}")


def test_the_journal_names_the_door(application: Application, pdns: KeyClient) -> None:
    created(pdns)
    patched(pdns, change(CHALLENGE, "TXT", "REPLACE", '"one"'))
    versions = application.bearer("me@example.org")("GET", "/dns-zones/example.com/versions/").get_json()
    assert [one["comment"] for one in versions] == ["PowerDNS API", "PowerDNS API"]


def test_a_door_that_is_off_is_404(application: Application, pdns: KeyClient) -> None:
    app = create_app(replace(application.settings, doors=DoorsSettings(powerdns=False)), application.clock)
    web = app.test_client()
    for path in ("/api", "/api/v1/servers", f"{SERVER}/zones"):
        for headers in ({}, {"X-API-Key": pdns.key}):
            assert web.get(path, headers=headers).status_code == 404
    assert web.get("/api/v1/dns-zones/").status_code == 401


def test_the_responses_of_a_door_are_counted(pdns: KeyClient) -> None:
    created(pdns)
    metrics = pdns.client.get("/metrics").text
    assert 'dns_appliance_door_requests_total{door="powerdns",status="201"} 1.0' in metrics


def test_a_change_of_comments_alone_changes_nothing(pdns: KeyClient) -> None:
    created(pdns)
    patched(pdns, change("a.example.com.", "A", "REPLACE", "192.0.2.1"))
    before = serial(pdns)
    comments = {"name": "a.example.com.", "type": "A", "changetype": "REPLACE", "comments": [{"content": "why"}]}
    assert is_done(patched(pdns, comments)) and serial(pdns) == before
    no_change = {key: value for key, value in comments.items() if key != "comments"}
    assert is_refused(patched(pdns, no_change), "422 Unprocessable Entity", "records must be a list")


def test_an_error_of_a_new_zone_names_the_set(pdns: KeyClient) -> None:
    rrsets = [
        change("b.example.com.", "A", "REPLACE", "192.0.2.1", ttl=60),
        change("a.example.com.", "A", "REPLACE", "192.0.2.1", ttl=-1),
    ]
    answer = pdns("POST", "/zones", {"name": "example.com.", "kind": "Native", "rrsets": rrsets})
    assert is_refused(answer, "422 Unprocessable Entity", "RRset a.example.com. IN A: a TTL must be")
    assert is_refused(pdns("GET", ZONE), "404 Not Found")


def test_a_signed_zone_lists_its_public_keys(application: Application, pdns: KeyClient) -> None:
    body = {"name": "example.com.", "kind": "Native", "dnssec": True, "nameservers": []}
    assert pdns("POST", "/zones", body).get_json()["dnssec"] is True
    signing_key = key(ds=Timing.RUMOURED)
    zone = see(application, key())
    (early,) = pdns("GET", f"{ZONE}/cryptokeys").get_json()
    assert early["id"] == signing_key.tag and early["ds"] == [], "caches may hold unsigned answers"
    see(application, signing_key)
    (shown,) = pdns("GET", f"{ZONE}/cryptokeys").get_json()
    assert shown == pdns("GET", f"{ZONE}/cryptokeys/{signing_key.tag}").get_json()
    assert shown["dnskey"] == f"257 3 13 {signing_key.public_key}" and shown["algorithm"] == "ECDSAP256SHA256"
    assert [one.split()[:3] for one in shown["ds"]] == [[str(signing_key.tag), "13", digest] for digest in "24"]
    assert "TYPE65280" not in pdns("GET", f"{ZONE}/export").text
    assert is_refused(pdns("PUT", ZONE, {"dnssec": False}), "422 Unprocessable Entity", "dnssec")
    rrsets = [change("www.example.com.", "A", "REPLACE", "192.0.2.1", ttl=86_401)]
    assert is_refused(pdns("PATCH", ZONE, {"rrsets": rrsets}), "422 Unprocessable Entity", "0 to 86400 seconds")
    content_number = [change("example.com.", "TYPE65280", "REPLACE", r"\# 4 00000001")]
    assert is_refused(pdns("PATCH", ZONE, {"rrsets": content_number}), "422 Unprocessable Entity", "TYPE65280")
    with application.writing():
        zones.update(zone, dnssec=False, signed=False)
    assert pdns("GET", f"{ZONE}/cryptokeys").get_json() == [], "its key is kept, and must not get a DS"


def test_a_zone_whose_ds_the_parent_may_have_is_deleted_once_that_is_withdrawn(
    application: Application, pdns: KeyClient
) -> None:
    pdns("POST", "/zones", {"name": "example.com.", "kind": "Native", "dnssec": True, "nameservers": []})
    see(application, key(ds=Timing.RUMOURED))
    assert is_refused(pdns("DELETE", ZONE), "422 Unprocessable Entity", "ds=withdrawn")
    assert pdns("DELETE", f"{ZONE}?ds=withdrawn").status_code == 204


def see(application: Application, signing_key: SigningKey) -> Zone:
    """Store what the deployer would have seen of the zone, which it returns."""
    with application.writing():
        zone = zones.get_by_name(dns.name.from_text("example.com."))
        assert zone
        store_signing(zone, signed(signing_key))
    return zone


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("GET", "", None),
        ("GET", "/export", None),
        ("GET", "/cryptokeys", None),
        ("PATCH", "", {"rrsets": []}),
        ("PUT", "", {}),
        ("PUT", "/notify", None),
        ("POST", "/metadata", {}),
        ("DELETE", "", None),
    ],
)
def test_a_zone_of_another_account_does_not_exist(
    application: Application, pdns: KeyClient, method: str, below: str, body: object
) -> None:
    created(pdns)
    other = KeyClient(pdns.client, application.secret("other@example.org", "dns:*"))
    hidden, missing = (other(method, f"/zones/{zone}{below}", body) for zone in ("example.com.", "example.org."))
    assert is_refused(hidden, "404 Not Found") and hidden.data == missing.data
    assert [key for key, _ in hidden.headers] == [key for key, _ in missing.headers]
