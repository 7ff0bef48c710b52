"""Concurrent writes: no acknowledged change is lost, and no conflicting changes are both accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.appliance import Appliance, Client

CLIENTS = 20


def statuses_of(calls: Iterable[Callable[[], requests.Response]]) -> list[int]:
    """Send requests concurrently and return their sorted status codes."""
    with ThreadPoolExecutor(CLIENTS) as threads:
        sent = [threads.submit(call) for call in calls]
        return sorted(one.result().status_code for one in sent)


def clients(appliance: Appliance) -> list[Client]:
    """Return clients of one account, each with its own connection."""
    token = appliance.token("parallel@example.org")
    return [appliance.client(token) for _ in range(CLIENTS)]


def post_until_accepted(api: Client, path: str, body: dict[str, str]) -> requests.Response:
    """Send a write, repeat it while the response is 503, and return the final response."""
    while (answer := api("POST", path, body)).status_code == requests.codes.service_unavailable:
        assert "Retry-After" in answer.headers
    return answer


def test_one_domain_is_created_once(appliance: Appliance) -> None:
    body = {"domain": "once.example"}
    calls = [lambda api=api: api("POST", "/dns-zones/", body) for api in clients(appliance) * 5]
    assert statuses_of(calls) == [201] + [400] * (5 * CLIENTS - 1)


def test_a_cname_and_an_address_are_never_both_created(appliance: Appliance) -> None:
    one, other, *_ = clients(appliance)
    path = f"/dns-zones/{one.zone('either.example')['uuid']}/records/"
    bodies = {"CNAME": "target.example.net", "A": "192.0.2.1"}
    for turn in range(50):
        calls = [
            lambda api=api, kind=kind, name=f"h{turn}": api(
                "POST", path, {"record_type": kind, "name": name, "value": bodies[kind]}
            )
            for api, kind in ((one, "CNAME"), (other, "A"))
        ]
        assert statuses_of(calls) == [201, 400]


def test_writers_on_one_zone_lose_nothing(appliance: Appliance) -> None:
    writers = clients(appliance)
    zone = writers[0].zone("shared.example")
    path = f"/dns-zones/{zone['uuid']}/records/"
    bodies = [{"record_type": "A", "name": "www", "value": f"192.0.2.{number}"} for number in range(5 * CLIENTS)]
    calls = [
        lambda api=api, body=body: post_until_accepted(api, path, body)
        for api, body in zip(writers * 5, bodies, strict=True)
    ]
    assert statuses_of(calls) == [201] * len(bodies)
    appliance.wait_until_answered("www.shared.example", "A", [bytes((192, 0, 2, n)) for n in range(len(bodies))])
    writers[0].wait_until_live(zone)
