"""Doors on a running appliance: they answer when both nameservers serve a change, or at the end of their time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.appliance import Appliance
from tests.pair import LOOPBACK

CLIENT_TIMEOUTS = {"powerdns": 5, "httpreq": 30, "dyndns2": 10, "acme-dns": 30, "external-dns": 15}
"""Seconds that the clients of a door wait for its answer."""
ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
TEXTS = ("a" * 43, "b" * 43, "c" * 43)
DOMAIN = "doors.example"


class DoorClients:
    """A client of each door, on one zone."""

    def __init__(self, appliance: Appliance) -> None:
        self.appliance = appliance
        secret = appliance.token("doors@example.org")
        self.api = appliance.client(secret)
        self.zone = self.api.zone(DOMAIN)
        self.api.wait_until_live(self.zone)
        options = ("--account", "doors@example.org", "--name", "certificates", "--acme-dns", "--zone", DOMAIN)
        self.account = json.loads(appliance.command("token", "create", *options))
        self._credential = ("whoever", secret)

    def change(self, door: str, number: int) -> requests.Response:
        """Send the change of that number, 0 to 2, at a door; raise after the time that its clients wait."""
        name, text, address = f"{door}.{DOMAIN}", TEXTS[number], ADDRESSES[number]
        match door:
            case "powerdns":
                records = [{"content": f'"{text}"', "disabled": False}]
                rrset = {"name": f"{name}.", "type": "TXT", "changetype": "REPLACE", "ttl": 60, "records": records}
                return self.send(door, "PATCH", f"/api/v1/servers/localhost/zones/{DOMAIN}", json={"rrsets": [rrset]})
            case "httpreq":
                return self.post(door, "/httpreq/present", json={"fqdn": f"{name}.", "value": text})
            case "dyndns2":
                return self.post(door, f"/nic/update?hostname={name}&myip={address}")
            case "acme-dns":
                headers = {"X-Api-User": self.account["username"], "X-Api-Key": self.account["password"]}
                body = {"subdomain": self.account["subdomain"], "txt": text}
                return self.post(door, "/acme-dns/update", json=body, headers=headers, auth=None)
        endpoint = {"dnsName": name, "targets": [address], "recordType": "A"}
        return self.post(door, "/external-dns/records", json={"updateNew": [endpoint]})

    def post(self, door: str, path: str, **request: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """Post a request with the token as password."""
        return self.send(door, "POST", path, **request)

    def send(self, door: str, method: str, path: str, **request: Any) -> requests.Response:  # noqa: ANN401 - likewise
        """Send a request with the token as password."""
        url = f"http://{LOOPBACK}:{self.appliance.ports.api}{path}"
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, url, **{"auth": self._credential, "timeout": CLIENT_TIMEOUTS[door], **request}
            )

    def answers(self, door: str, server: int) -> frozenset[bytes]:
        """Return what a nameserver answers of the changes at a door."""
        name = self.account["fulldomain"] if door == "acme-dns" else f"{door}.{DOMAIN}"
        return self.appliance.answer(name, "TXT" if _has_texts(door) else "A", server)[1]

    @property
    def serial(self) -> int:
        """The serial of the zone in the store."""
        serial: int = self.api.expect(200, "GET", f"/dns-zones/{self.zone['uuid']}/")["serial"]
        return serial


@pytest.fixture(scope="module")
def clients(appliance: Appliance) -> DoorClients:
    """A client of each door."""
    return DoorClients(appliance)


def _has_texts(door: str) -> bool:
    return door in ("powerdns", "httpreq", "acme-dns")


def _wire(door: str, number: int) -> bytes:
    """Return the data that is served after the change of that number."""
    if _has_texts(door):
        return bytes([43]) + TEXTS[number].encode()
    return bytes(map(int, ADDRESSES[number].split(".")))


@pytest.mark.parametrize("door", CLIENT_TIMEOUTS)
def test_both_nameservers_serve_a_change_when_its_door_answers(clients: DoorClients, door: str) -> None:
    assert clients.change(door, 0).ok
    assert all(_wire(door, 0) in clients.answers(door, server) for server in (1, 2))


def test_a_repeated_call_is_answered_when_both_nameservers_serve_it(clients: DoorClients) -> None:
    def served(_: int) -> bool:
        assert clients.change("powerdns", 1).status_code == 204
        return all(_wire("powerdns", 1) in clients.answers("powerdns", server) for server in (1, 2))

    before = clients.serial
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(served, range(2))) == [True, True]
    assert clients.serial == before + 1


def test_calls_at_the_same_time_lose_nothing(clients: DoorClients) -> None:
    name, before = f"_acme-challenge.{DOMAIN}", clients.serial
    first = [("present", str(number)) for number in range(10)]
    then = [("cleanup", str(number)) for number in range(0, 10, 2)] + [("present", "10"), ("present", "1")]

    def send(call: tuple[str, str]) -> int:
        action, text = call
        return clients.post("httpreq", f"/httpreq/{action}", json={"fqdn": name, "value": text}).status_code

    with ThreadPoolExecutor(10) as pool:
        assert [list(pool.map(send, calls)) for calls in (first, then)] == [[200] * 10, [200] * 7]
    assert clients.serial == before + 16
    expected = frozenset(bytes([len(text)]) + text.encode() for text in ("1", "3", "5", "7", "9", "10"))
    assert [clients.appliance.answer(name, "TXT", server) for server in (1, 2)] == [(60, expected)] * 2


def test_a_door_answers_in_time_while_a_nameserver_is_silent(clients: DoorClients) -> None:
    with clients.appliance.without("ns2/named.conf"), ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda door: clients.change(door, 2), CLIENT_TIMEOUTS))
        assert [answer.status_code for answer in answers] == [204, 200, 200, 200, 204]
        assert all(_wire(door, 2) in clients.answers(door, 1) for door in CLIENT_TIMEOUTS)
