"""Held zones in the API: the record that is awaited, and no waiting for what cannot come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.addresses import Endpoint
from appliance.app import create_app
from appliance.settings import OwnershipSettings
from appliance.zones.ownership import Proof
from tests.api.conftest import Application, Bearer, created


@pytest.fixture
def strict(application: Application) -> Application:
    """An application in which every zone needs a proof."""
    settings = replace(
        application.settings,
        ownership=OwnershipSettings(Proof.ALWAYS),
        dns=replace(application.settings.dns, resolver=Endpoint("192.0.2.53", 53)),
    )
    return Application(settings, application.clock, create_app(settings, application.clock))


def test_a_held_zone_shows_the_record_that_publishes_it(strict: Application) -> None:
    me = strict.bearer("me@example.org")
    answer = me("POST", "/dns-zones/", {"domain": "example.com"}, {"Prefer": "wait=30"})
    zone = created(answer)
    assert answer.headers["X-Deployment"] == "pending", "at once: it cannot become live"
    proof: dict[str, Any] = zone["ownership"]
    assert list(proof) == ["name", "record_type", "value", "checked_at"] and proof["checked_at"] is None
    assert (proof["name"], proof["record_type"]) == ("_dns-appliance-challenge.example.com", "TXT")
    assert zone["deployment"]["state"] == "pending" and proof["value"] in zone["deployment"]["error"]
    path = f"/dns-zones/{zone['uuid']}/"
    assert me("GET", path).get_json()["ownership"] == proof
    assert me("GET", f"{path}deployment/").get_json()["error"] == zone["deployment"]["error"]
    patched = me("PATCH", path, {"ownership": proof, "comment": "sent back as it was received"})
    assert patched.status_code == 200 and patched.get_json()["deployment"]["state"] == "pending"
    assert patched.get_json()["ownership"] == me("GET", "/dns-zones/").get_json()[0]["ownership"] == proof


def test_zones_that_need_no_proof_show_none(strict: Application, me: Bearer) -> None:
    assert me.zone("a.example")["ownership"] is None
    operator = strict.bearer("operator@example.org", "admin:*")
    assert operator.zone("b.example")["ownership"] is None
