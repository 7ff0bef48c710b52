"""The attacks of another customer: with rights of its own, against the zones of somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.security.conftest import Customer

UNKNOWN = "00000000-0000-4000-8000-000000000000"
A = {"record_type": "A", "name": "mine", "value": "192.0.2.66"}
ON_A_ZONE: list[tuple[str, str, Any]] = [
    ("GET", "/dns-zones/{}/", None),
    ("PATCH", "/dns-zones/{}/", {"comment": "mine"}),
    ("DELETE", "/dns-zones/{}/", None),
    ("GET", "/dns-zones/{}/records/", None),
    ("POST", "/dns-zones/{}/records/", A),
    ("GET", "/dns-zones/{}/deployment/", None),
]
ON_A_RECORD: list[tuple[str, str, Any]] = [
    ("GET", "/dns-records/{}/", None),
    ("PUT", "/dns-records/{}/", A),
    ("PATCH", "/dns-records/{}/", {"value": "192.0.2.66"}),
    ("DELETE", "/dns-records/{}/", None),
]


def _same(attacker: Customer, method: str, path: str, body: object, target: str) -> None:
    theirs, nothing = (attacker.api(method, path.format(one), body) for one in (target, UNKNOWN))
    assert (theirs.status_code, theirs.content) == (404, nothing.content)
    assert theirs.headers.keys() == nothing.headers.keys()


@pytest.mark.parametrize(("method", "path", "body"), ON_A_ZONE)
def test_a_foreign_zone_does_not_exist(
    victim: Customer, attacker: Customer, method: str, path: str, body: object
) -> None:
    _same(attacker, method, path, body, victim.zone["uuid"])


@pytest.mark.parametrize(("method", "path", "body"), ON_A_RECORD)
def test_a_foreign_record_does_not_exist(
    victim: Customer, attacker: Customer, method: str, path: str, body: object
) -> None:
    _same(attacker, method, path, body, victim.record["uuid"])


def test_no_list_shows_foreign_data(victim: Customer, attacker: Customer) -> None:
    for query in (
        f"/dns-zones/?search={victim.domain[:6]}",
        f"/dns-zones/?domain={victim.domain}",
        f"/dns-records/?search={victim.domain[:6]}",
        f"/dns-records/?zone={victim.zone['uuid']}",
        "/dns-records/?value=192.0.2.1",
        "/account/tokens/",
        "/account/audit/",
    ):
        answer = attacker.api("GET", query)
        assert victim.domain not in answer.text
        assert victim.email not in answer.text
        assert victim.zone["uuid"] not in answer.text


def test_no_record_moves_into_a_foreign_zone(victim: Customer, attacker: Customer) -> None:
    before = victim.api.expect(200, "GET", f"/dns-zones/{victim.zone['uuid']}/")
    assert attacker.api("POST", "/dns-records/", {**A, "zone": victim.zone["uuid"]}).status_code in (400, 404)
    assert (
        attacker.api("PATCH", f"/dns-records/{attacker.record['uuid']}/", {"zone": victim.zone["uuid"]}).status_code
        == 400
    )
    after = victim.api.expect(200, "GET", f"/dns-zones/{victim.zone['uuid']}/")
    assert (after["serial"], after["records"]) == (before["serial"], before["records"])


@pytest.mark.parametrize("prefix", ["", "www.", "deep.er."])
def test_no_name_around_a_foreign_zone_is_free(victim: Customer, attacker: Customer, prefix: str) -> None:
    answer = attacker.api.expect(400, "POST", "/dns-zones/", {"domain": prefix + victim.domain})
    assert answer["field"] == "domain"


def test_no_name_around_a_deleted_zone_is_free(victim: Customer, attacker: Customer) -> None:
    below = victim.api.zone(f"shop.below-{victim.domain}")
    for zone in (victim.zone, below):
        victim.api.expect(204, "DELETE", f"/dns-zones/{zone['uuid']}/")
    for domain in (victim.domain, f"www.{victim.domain}", below["domain"], f"below-{victim.domain}"):
        assert attacker.api.expect(400, "POST", "/dns-zones/", {"domain": domain})["field"] == "domain", domain
    victim.api.zone(victim.domain)


def test_no_token_reaches_into_a_foreign_account(victim: Customer, attacker: Customer) -> None:
    wide = {"name": "wide", "permissions": ["admin:*"]}
    assert attacker.api.expect(403, "POST", "/account/tokens/", wide)["error_code"] == "permission_denied"
    foreign = {"name": "foreign", "permissions": ["dns:*"], "zones": [victim.zone["uuid"]]}
    assert attacker.api("POST", "/account/tokens/", foreign).status_code == 400
    token = victim.api.expect(200, "GET", "/account/tokens/")[0]
    assert attacker.api("DELETE", f"/account/tokens/{token['uuid']}/").status_code == 404
    assert victim.api("GET", "/account/me/").status_code == 200


def test_nothing_of_another_account_is_in_an_error(victim: Customer, attacker: Customer) -> None:
    answer = attacker.api("POST", "/dns-zones/", {"domain": victim.domain})
    assert answer.status_code == 400
    assert victim.email not in json.dumps(answer.json())
