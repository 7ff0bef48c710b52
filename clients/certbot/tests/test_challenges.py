"""Challenge records, with a token that may write nothing else."""

from __future__ import annotations

import pytest
from certbot_dns_appliance import challenges
from certbot_dns_appliance.api import Api, zone_path

from clients.conftest import ACCOUNT
from tests.appliance import Appliance, Client

OPTIONS = ("--record-type", "TXT", "--record-name", "_acme-challenge", "--record-name", "_acme-challenge.*")


@pytest.fixture
def narrow(appliance: Appliance, url: str) -> Api:
    """The API of the package, with a token for challenges."""
    permissions = ("dns:list", "dns:create", "dns:delete")
    return Api(url, appliance.token(ACCOUNT, *permissions, options=OPTIONS), "tests")


def texts(api: Client, domain: str) -> list[tuple[str, str, int]]:
    """Return name, value and TTL of the records of a zone."""
    records = api.expect(200, "GET", f"/dns-zones/{domain}/")["records"]
    return sorted((record["name"], record["value"], record["ttl"]) for record in records)


def test_challenges_of_one_name_live_beside_each_other(narrow: Api, api: Client) -> None:
    api.zone("cert.example")
    name = "_acme-challenge.cert.example"
    assert challenges.present(narrow, name, "one")
    assert challenges.present(narrow, name, "two")
    assert challenges.present(narrow, name, "two"), "what is there already is success"
    assert narrow.get(f"{zone_path('cert.example')}deployment/").document["state"] == "live"
    assert texts(api, "cert.example") == [("_acme-challenge", "one", 60), ("_acme-challenge", "two", 60)]
    challenges.remove(narrow, name, "one")
    challenges.remove(narrow, name, "one")
    assert texts(api, "cert.example") == [("_acme-challenge", "two", 60)]


def test_the_longest_zone_has_the_challenge(narrow: Api, api: Client) -> None:
    api.zone("long.example")
    api.zone("sub.long.example")
    challenges.present(narrow, "_acme-challenge.a.b.sub.long.example", "value")
    assert texts(api, "sub.long.example") == [("_acme-challenge.a.b", "value", 60)]
    with pytest.raises(challenges.NoZone, match=r"_acme-challenge\.nowhere\.example"):
        challenges.present(narrow, "_acme-challenge.nowhere.example", "value")
