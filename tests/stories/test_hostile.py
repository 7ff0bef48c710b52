"""The table of hostile inputs against a complete appliance: both nameservers keep answering."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dns.rdata
import pytest
import requests

from tests.appliance import Appliance
from tests.hostile import Answer, Row, Tokens, World, rows, run
from tests.pair import LOOPBACK, wait_for

NAMESERVERS = (1, 2)


@pytest.fixture(scope="module")
def attacked() -> Iterator[Appliance]:
    """An appliance for these rows only: they create and delete zones with many names."""
    with Appliance() as running:
        yield running


@pytest.fixture(scope="module")
def world(attacked: Appliance) -> World:
    """The two accounts of the table, with their zones and tokens."""
    a, b = "a@example.org", "b@example.org"
    tokens = Tokens(
        a=attacked.token(a),
        b=attacked.token(b),
        revoked=attacked.token(a),
        expired=attacked.token(a, options=("--expires", "1s")),
        limited=attacked.token(a, "dns:list", "dns:read"),
    )
    listed = json.loads(attacked.command("token", "list", "--json"))
    (revoked,) = (one["uuid"] for one in listed if tokens.revoked.startswith(one["prefix"]))
    attacked.command("token", "revoke", revoked)
    session = requests.Session()
    session.trust_env = False

    def client(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        url = f"http://{LOOPBACK}:{attacked.ports.api}{path}"
        answer = session.request(method, url, headers=dict(headers), data=body, timeout=60, allow_redirects=False)
        return answer.status_code, answer.headers, answer.content

    world = World(client, tokens, catalog="catalog.appliance.test", nameserver_domain="appliance.test")
    wait_for(lambda: world.call("GET", "/api/v1/dns-zones/", token=tokens.expired)[0] == 401, "the token expires")
    for domain in ("example.com", "example.net"):
        wait_for(lambda d=domain: _both_answer(attacked, d), f"both answer for {domain}")  # type: ignore[misc]
    return world


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_row(row: Row, world: World, attacked: Appliance) -> None:
    def served(record: Mapping[str, Any], presentations: list[str]) -> None:
        rdtype = record["record_type"]
        wires = [dns.rdata.from_text("IN", rdtype, text).to_wire() or b"" for text in presentations]
        owner = record["fqdn"].replace("*", "anything")
        if owner == "example.com" and rdtype == "NS":
            for server in NAMESERVERS:
                wait_for(lambda s=server: set(wires) <= attacked.answer(owner, rdtype, s)[1], f"ns{server} has it too")  # type: ignore[misc]
        else:
            attacked.wait_until_answered(owner, rdtype, wires)

    run(row, world, served)
    assert _both_answer(attacked, "example.com")
    assert _both_answer(attacked, "example.net")


def _both_answer(appliance: Appliance, domain: str) -> bool:
    return all(appliance.rcode(domain, server) == "NOERROR" for server in NAMESERVERS)
