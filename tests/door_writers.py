"""A client of each door, over the network, in the form of its protocol, for stories, soak runs and benchmarks.

with Appliance() as appliance:
    doors = open_doors(appliance, "example.org", "someone@example.org")
    for writer in doors.writers:
        written = writer.write(1)
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import requests

from appliance.keys import Key
from tests.appliance import Appliance, Client
from tests.pair import LOOPBACK

WEBHOOK_TYPE = "application/external.dns.webhook+json;version=1"
SHARED, EACH = "_acme-challenge", 20
"""The label above the names at which all doors that add beside what is there write their odd numbers: as many numbers
have the same name."""
UPDATE_PATIENCE = 2.0
"""Seconds after which a client sends its datagram again."""
UPDATE_TRIES = 3
"""How often it does so."""

Value = tuple[str, str, str]
"""Name relative to the zone, type, and value, as the API has them."""


class Refused(AssertionError):
    """A response other than success: `status` is that of HTTP or the rcode, `text` the body."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(f"{status} {text}")
        self.status, self.text = status, text


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the clients of one zone are configured with."""

    secret: str = field(repr=False)
    key: Key
    account: dict[str, str] = field(repr=False)
    """Account of acme-dns."""
    registrar: str = field(repr=False)
    """Secret of the token that registered it."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A client of one door. `patience` is how long real ones wait for the response, in seconds.

    `write` adds the value of a number, waits at most `patience` times `slowness`, and returns what is stored then. It
    raises Refused for any response but success, and an error of `requests` or dnspython if there is none.
    """

    door: str
    patience: float
    write: Callable[[int], Value]


@dataclass(frozen=True, slots=True)
class Doors:
    """The writers of one zone, with the API of its account. `slowness` is how much slower the machine may be."""

    appliance: Appliance
    api: Client
    zone: dict[str, Any]
    credentials: Credentials
    slowness: float = 1.0

    @property
    def writers(self) -> Sequence[Writer]:
        """Return a client of each door, the API among them."""
        return [
            Writer("api", 30, self._by_api),
            Writer("powerdns", 5, self._by_powerdns),
            Writer("httpreq", 30, self._by_httpreq),
            Writer("dyndns2", 5, self._by_dyndns2),
            Writer("acme_dns", 30, self._by_acme_dns),
            Writer("external_dns", 15, self._by_external_dns),
            Writer("update", UPDATE_PATIENCE, self._by_update),
        ]

    @property
    def domain(self) -> str:
        """Return the domain of the zone."""
        return str(self.zone["domain"])

    @property
    def url(self) -> str:
        """Return the URL of the API and of the doors over HTTP."""
        return f"http://{LOOPBACK}:{self.appliance.ports.api}"

    @property
    def update_port(self) -> int:
        """Return the port of DNS UPDATE."""
        return self.appliance.ports.dns + 2

    def versions(self) -> int:
        """Return how many versions the zone has: one for each request that changed something."""
        return self.versions_by_comment().total()

    def versions_by_comment(self) -> Counter[str]:
        """Return how many versions the zone has, by their comments, which name most doors."""
        return Counter(str(one["comment"]) for one in self._all("versions"))

    def stored(self) -> set[Value]:
        """Return all records of the zone."""
        return {(one["name"], one["record_type"], one["value"]) for one in self._all("records")}

    def kept(self, written: Sequence[Value]) -> set[Value]:
        """Return what must be stored of this: everything, but only the two newest of the account of acme-dns."""
        label = self.credentials.account["fulldomain"].removesuffix(f".{self.domain}")
        challenges = [value for value in written if value[0] == label]
        return {value for value in written if value[0] != label} | set(challenges[-2:])

    def _all(self, what: str) -> list[dict[str, Any]]:
        path, found, page = f"/dns-zones/{self.zone['uuid']}/{what}/?page_size=1000", list[dict[str, Any]](), 1
        while more := self.api.expect(200, "GET", f"{path}&page={page}"):
            found += more
            page += 1
        return found

    def signed_update(self) -> dns.update.UpdateMessage:
        """Return an empty update of the zone that is signed when it is sent."""
        key = self.credentials.key
        keyring = dns.tsigkeyring.from_text({key.name: (key.algorithm, key.secret)})
        return dns.update.UpdateMessage(f"{self.domain}.", keyring=keyring)

    def _by_api(self, number: int) -> Value:
        name = self._name("api", number)
        body = {"record_type": "TXT", "name": name, "value": f"api {number}"}
        url = f"/api/v1/dns-zones/{self.zone['uuid']}/records/"
        key = {"Authorization": f"Bearer {self.credentials.secret}", "Idempotency-Key": f"write-{number}"}
        self._call("POST", url, 201, 30, json=body, headers={**key, "Prefer": "wait=10"}, auth=None)
        return name, "TXT", f"api {number}"

    def _by_powerdns(self, number: int) -> Value:
        name = self._name("powerdns", number)
        records = [{"content": f'"powerdns {number}"', "disabled": False}]
        change = {"name": self._full(name), "type": "TXT", "ttl": 60, "changetype": "EXTEND", "records": records}
        url, key = f"/api/v1/servers/localhost/zones/{self.domain}.", {"X-API-Key": self.credentials.secret}
        self._call("PATCH", url, 204, 5, json={"rrsets": [change]}, headers=key, auth=None)
        return name, "TXT", f"powerdns {number}"

    def _by_httpreq(self, number: int) -> Value:
        name = self._name("httpreq", number)
        body = {"fqdn": self._full(name), "value": f"httpreq {number}"}
        self._call("POST", "/httpreq/present", 200, 30, json=body)
        return name, "TXT", f"httpreq {number}"

    def _by_dyndns2(self, number: int) -> Value:
        name, address = f"dyndns2-{number}", f"10.0.{number // 256}.{number % 256}"
        url = f"/nic/update?hostname={name}.{self.domain}&myip={address}"
        answer = self._call("GET", url, 200, 5)
        assert answer.text in (f"good {address}", f"nochg {address}"), answer.text
        return name, "A", address

    def _by_acme_dns(self, number: int) -> Value:
        account, text = self.credentials.account, challenge(f"acme-dns {number}")
        headers = {"X-Api-User": account["username"], "X-Api-Key": account["password"]}
        body = {"subdomain": account["subdomain"], "txt": text}
        answer = self._call("POST", "/acme-dns/update", 200, 30, json=body, headers=headers, auth=None)
        assert answer.json() == {"txt": text}
        return account["fulldomain"].removesuffix(f".{self.domain}"), "TXT", text

    def _by_external_dns(self, number: int) -> Value:
        name, address = f"external-dns-{number}", f"10.1.{number // 256}.{number % 256}"
        endpoint = {"dnsName": f"{name}.{self.domain}", "recordType": "A", "recordTTL": 60, "targets": [address]}
        self._call("POST", "/external-dns/records", 204, 15, json={"create": [endpoint]})
        return name, "A", address

    def _by_update(self, number: int) -> Value:
        name, update = self._name("update", number), self.signed_update()
        update.add(self._full(name), 60, "TXT", f'"update {number}"')
        answer = self._ask(update)
        if answer.rcode() != dns.rcode.NOERROR:
            raise Refused(dns.rcode.to_text(answer.rcode()), str(answer))
        return name, "TXT", f"update {number}"

    def _ask(self, update: dns.update.UpdateMessage) -> dns.message.Message:
        for _ in range(int(UPDATE_TRIES * self.slowness) - 1):
            with suppress(dns.exception.Timeout):
                return dns.query.udp(update, LOOPBACK, UPDATE_PATIENCE, self.update_port)
        return dns.query.udp(update, LOOPBACK, UPDATE_PATIENCE, self.update_port)

    def _call(
        self,
        method: str,
        path: str,
        status: int,
        patience: float,
        **more: Any,  # noqa: ANN401 - as `requests` has it
    ) -> requests.Response:
        sent = {"auth": ("client", self.credentials.secret), **more}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, self.url + path, timeout=patience * self.slowness, **sent)
        if answer.status_code != status:
            raise Refused(str(answer.status_code), answer.text)
        return answer

    def _name(self, door: str, number: int) -> str:
        return f"{SHARED}.{number // EACH}" if number % 2 else f"{door}-{number}"

    def _full(self, name: str) -> str:
        return f"{name}.{self.domain}."


def open_doors(appliance: Appliance, domain: str, email: str, slowness: float = 1.0) -> Doors:
    """Create a live zone, and a token with a TSIG key and an account of acme-dns for it."""
    api = appliance.client(appliance.token(email, "dns:*", "account:read", "account:tokens"))
    zone = api.zone(domain)
    limits = {"name": "doors", "zones": [zone["uuid"]]}
    body = {**limits, "permissions": ["dns:*"], "tsig": True}
    created = api.expect(201, "POST", "/account/tokens/", body)
    registrar = api.expect(201, "POST", "/account/tokens/", {**limits, "permissions": ["dns:*", "account:tokens"]})
    doors = Doors(appliance, api, zone, _credentials(appliance, created, registrar["secret"]), slowness)
    api.wait_until_live(zone)
    return doors


def challenge(text: str) -> str:
    """Return the text of an ACME challenge: the SHA-256 of a text in base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _credentials(appliance: Appliance, created: dict[str, Any], registrar: str) -> Credentials:
    key = created["tsig"]
    with requests.Session() as session:
        session.trust_env = False
        url = f"http://{LOOPBACK}:{appliance.ports.api}/acme-dns/register"
        answer = session.post(url, auth=("client", registrar), timeout=30)
    assert answer.status_code == 201, answer.text
    return Credentials(created["secret"], Key(key["name"], key["algorithm"], key["secret"]), answer.json(), registrar)
