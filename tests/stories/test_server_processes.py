"""A whole appliance whose API answers from two processes: changes through both are served, and a kill loses none."""

from __future__ import annotations

import ipaddress
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.appliance import Appliance, Client
from tests.pair import wait_for

CLIENTS, CHANGES = 4, 12


@pytest.fixture(scope="module")
def two() -> Iterator[Appliance]:
    """A running appliance with two server processes."""
    with Appliance(processes=2) as running:
        yield running


def servers(appliance: Appliance) -> list[int]:
    """Return the ids of the processes that answer requests."""
    parent = appliance.child("appliance serve")
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def repeated(api: Client, method: str, path: str, body: Any) -> requests.Response:  # noqa: ANN401 - JSON
    """Send a request again until it is answered, as clients do whose connection was closed."""
    while True:
        try:
            return api(method, path, body, {"Prefer": "wait=1"})
        except requests.ConnectionError:
            continue


def test_changes_through_both_are_served_although_one_is_killed(two: Appliance) -> None:
    token, half = two.token("someone@example.org"), threading.Barrier(CLIENTS + 1)

    def change_often(number: int) -> str:
        api, address = two.client(token), ""
        zone = api.zone(f"zone-{number}.example")
        record = api.record(zone, "A", "www", "192.0.2.250")
        for change in range(CHANGES):
            if change == CHANGES // 2:
                half.wait(60)
            address = f"192.0.2.{change + 1}"
            answer = repeated(api, "PATCH", f"/dns-records/{record['uuid']}/", {"value": address})
            assert answer.status_code == 200, answer.text
        return address

    before = servers(two)
    assert len(before) == 2
    with ThreadPoolExecutor(CLIENTS) as threads:
        running = [threads.submit(change_often, number) for number in range(CLIENTS)]
        half.wait(60)
        os.kill(before[0], signal.SIGKILL)
        last = [one.result() for one in running]
    for number, address in enumerate(last):
        two.wait_until_answered(f"www.zone-{number}.example", "A", [ipaddress.ip_address(address).packed])
    wait_for(lambda: len(servers(two)) == 2, "the killed one is started again")
    assert before[1] in servers(two)
    assert "event=server-ended number=0" in two.log("serve")


def test_a_response_waits_for_both_nameservers_whichever_process_sends_it(two: Appliance) -> None:
    token = two.token("someone@example.org")
    clients = [two.client(token) for _ in range(4)]
    for number, api in enumerate(clients):
        body = {"domain": f"waited-{number}.example"}
        zone = api.expect(201, "POST", "/dns-zones/", body, Prefer="wait=30")
        assert zone["deployment"]["state"] == "live"
