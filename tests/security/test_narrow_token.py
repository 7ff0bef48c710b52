"""The attacks of a customer's script: a token that may only answer challenges, in the hands of an attacker."""

from __future__ import annotations

from typing import Any

import pytest

from tests.appliance import Appliance, Client
from tests.security.conftest import Customer

NAME = "_acme-challenge.www"
CHALLENGE = {"record_type": "TXT", "name": NAME, "value": "proof"}


@pytest.fixture
def narrow(appliance: Appliance, victim: Customer) -> Client:
    """A client that may write TXT records below _acme-challenge in one zone, and read nothing else."""
    body = {
        "name": "challenges",
        "permissions": ["dns:list", "dns:create", "dns:update", "dns:delete"],
        "zones": [victim.zone["uuid"]],
        "record_types": ["TXT"],
        "record_names": ["_acme-challenge", "_acme-challenge.*"],
    }
    secret = victim.api.expect(201, "POST", "/account/tokens/", body)["secret"]
    return appliance.client(secret)


def test_it_does_what_it_is_for(narrow: Client, victim: Customer) -> None:
    record = narrow.record(victim.zone, **CHALLENGE)
    narrow.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": "another"})
    narrow.expect(204, "DELETE", f"/dns-records/{record['uuid']}/")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/dns-zones/", {"domain": "more.example"}),
        ("PATCH", "/dns-zones/{zone}/", {"comment": "mine"}),
        ("DELETE", "/dns-zones/{zone}/", None),
        ("POST", "/dns-zones/{zone}/records/", {**CHALLENGE, "name": "www"}),
        ("POST", "/dns-zones/{zone}/records/", {**CHALLENGE, "record_type": "CNAME", "value": "x.example.net"}),
        ("PUT", "/dns-records/{record}/", CHALLENGE),
        ("PATCH", "/dns-records/{record}/", {"value": "192.0.2.66"}),
        ("PATCH", "/dns-records/{record}/", {"record_type": "TXT", "name": NAME, "value": "moved"}),
        ("DELETE", "/dns-records/{record}/", None),
        ("GET", "/account/audit/", None),
        ("POST", "/account/tokens/", {"name": "wide", "permissions": ["dns:*"]}),
        ("DELETE", "/account/tokens/{record}/", None),
    ],
)
def test_it_does_nothing_else(narrow: Client, victim: Customer, method: str, path: str, body: Any) -> None:  # noqa: ANN401
    path = path.format(zone=victim.zone["uuid"], record=victim.record["uuid"])
    assert narrow(method, path, body).status_code == 403
    after = victim.api.expect(200, "GET", f"/dns-zones/{victim.zone['uuid']}/records/")
    assert [record["value"] for record in after] == ["192.0.2.1"]


def test_its_own_record_does_not_leave_its_names(narrow: Client, victim: Customer) -> None:
    record = narrow.record(victim.zone, **CHALLENGE)
    for change in ({"name": "www"}, {"record_type": "A", "value": "192.0.2.66"}):
        assert narrow("PATCH", f"/dns-records/{record['uuid']}/", change).status_code == 403


def test_other_zones_do_not_exist_for_it(narrow: Client, victim: Customer) -> None:
    another = victim.api.zone(f"another.{victim.domain}")
    assert narrow("GET", f"/dns-zones/{another['uuid']}/").status_code == 404
    assert [zone["domain"] for zone in narrow.expect(200, "GET", "/dns-zones/")] == [victim.domain]


def test_it_is_void_at_once_when_it_is_revoked(narrow: Client, victim: Customer) -> None:
    prefix = narrow.expect(200, "GET", "/account/me/")["token"]["prefix"]
    tokens = victim.api.expect(200, "GET", "/account/tokens/")
    (uuid,) = (token["uuid"] for token in tokens if token["prefix"] == prefix)
    victim.api.expect(204, "DELETE", f"/account/tokens/{uuid}/")
    assert narrow("GET", "/dns-zones/").status_code == 401
