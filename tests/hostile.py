"""The table of hostile inputs, `api/hostile_inputs.json`, run row by row against any client.

Each row is one request and its expected response: `status`, `error_code` and `field` of the error (`fields`: any of
them). `setup` are records to create before, `shown` is a part of the body, `answer` all of it, `absent` is text that it
must not hold, `served` the rdata that nameservers then return. Words in braces are replaced by values of `World`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

TABLE = Path(__file__).parent / "api" / "hostile_inputs.json"
ZONES = "/api/v1/dns-zones/"
RECORDS = "/api/v1/dns-records/"

Row = Mapping[str, Any]
Answer = tuple[int, Mapping[str, str], bytes]
Client = Callable[[str, str, Mapping[str, str], bytes], Answer]
"""method, path with query, headers, body -> status, headers, body."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token secrets: one with `dns:*` for each account, a revoked one, an expired one, and one that may only list."""

    a: str
    b: str
    revoked: str
    expired: str
    limited: str


def rows() -> list[Row]:
    """Return every row of the table."""
    table: list[Row] = json.loads(TABLE.read_text("utf-8"))
    return table


class World:
    """Account A owns example.com with an A and an MX record, account B owns example.net with an A record."""

    def __init__(self, client: Client, tokens: Tokens, *, catalog: str, nameserver_domain: str) -> None:
        self.client = client
        self.tokens = tokens
        zone_a = self._create(tokens.a, ZONES, {"domain": "example.com"})
        zone_b = self._create(tokens.b, ZONES, {"domain": "example.net"})
        self.zone_a_path, zone_b_path = f"{ZONES}{zone_a}/", f"{ZONES}{zone_b}/"
        host = {"record_type": "A", "name": "host", "value": "192.0.2.77"}
        mail = {"record_type": "MX", "name": "@", "value": "mail.example.com", "priority": 10}
        self.words = {
            "zone_a": zone_a,
            "zone_b": zone_b,
            "rec_a": self._create(tokens.a, f"{self.zone_a_path}records/", host),
            "mx_a": self._create(tokens.a, f"{self.zone_a_path}records/", mail),
            "rec_b": self._create(tokens.b, f"{zone_b_path}records/", host),
            "token_a": tokens.a,
            "token_b": tokens.b,
            "revoked_token": tokens.revoked,
            "expired_token": tokens.expired,
            "limited_token": tokens.limited,
            "catalog_zone": catalog,
            "ns_host_domain": nameserver_domain,
        }

    def call(self, method: str, path: str, body: object = None, token: str | None = None) -> Answer:
        """Send a request with the token of account A, or another token."""
        headers = {"Authorization": f"Bearer {token or self.tokens.a}", "Content-Type": "application/json"}
        return self.client(method, path, headers, b"" if body is None else json.dumps(body).encode())

    def snapshot(self) -> tuple[object, ...]:
        """Return all zones, their ETags, and all records of both accounts, without what the deployer may change."""
        found: list[object] = []
        for token in (self.tokens.a, self.tokens.b):
            for zone in json.loads(self.call("GET", f"{ZONES}?page_size=1000", token=token)[2]):
                _, headers, _ = self.call("GET", f"{ZONES}{zone['uuid']}/", token=token)
                found.append((_stored_by_users(zone), headers["ETag"]))
            found.append(self.call("GET", f"{RECORDS}?page_size=1000", token=token)[2])
        return tuple(found)

    def fill(self, text: str) -> str:
        """Return the text with the words in braces replaced."""
        for word, meaning in self.words.items():
            text = text.replace(f"{{{word}}}", meaning)
        return text

    def _create(self, token: str, path: str, body: object) -> str:
        status, _, answer = self.call("POST", path, body, token)
        assert status == 201, answer
        uuid: str = json.loads(answer)["uuid"]
        return uuid


def run(row: Row, world: World, served: Callable[[Mapping[str, Any], list[str]], None] | None = None) -> None:
    """Run one row and delete what it created. `served(record, rdata)` checks the nameservers, if there are any."""
    created = [_location(world.call("POST", f"{world.zone_a_path}records/", body)) for body in row.get("setup", ())]
    before = world.snapshot()
    status, headers, body = _call(row, world)
    assert status == row["status"], body
    if status >= 400:
        _check_error(row, status, headers, body)
    if status >= 400 or row.get("unchanged"):
        assert world.snapshot() == before
    if status == 201:
        created.append(headers["Location"])
    _check_answer(row, world, body)
    if served and "served" in row:
        served(json.loads(body), row["served"])
    for path in created:
        assert world.call("DELETE", path)[0] == 204


def _call(row: Row, world: World) -> Answer:
    headers = {"Authorization": f"Bearer {world.tokens.a}", "Content-Type": "application/json"}
    for name, value in row.get("headers", {}).items():
        headers.pop(name, None)
        if value is not None:
            headers[name] = world.fill(value)
    path, question, query = world.fill(row["path"]).partition("?")
    return world.client(row["method"], path + question + quote(query, safe="=&%"), headers, _octets(row, world))


def _octets(row: Row, world: World) -> bytes:
    if "raw_body" in row:
        text: str = row["raw_body"]
        return text.encode(row.get("encoding", "utf-8"))
    if "generated_body" in row:
        created = row["generated_body"]
        return f"{created.get('prefix', '')}{created['repeat'] * created['times']}{created.get('suffix', '')}".encode()
    return world.fill(json.dumps(row["body"])).encode() if "body" in row else b""


def _check_error(row: Row, status: int, headers: Mapping[str, str], body: bytes) -> None:
    assert headers["Content-Type"] == "application/json"
    error = json.loads(body)
    assert list(error) == ["detail", "error_code", "field"]
    assert error["detail"]
    assert error["error_code"] == row["error_code"]
    assert error["field"] in row.get("fields", [row.get("field")])
    if status == 401:
        assert headers["WWW-Authenticate"] == "Bearer"


def _check_answer(row: Row, world: World, body: bytes) -> None:
    if "shown" in row:
        answer = json.loads(body)
        assert {name: answer[name] for name in row["shown"]} == row["shown"]
    if "answer" in row:
        assert json.loads(body) == row["answer"]
    for word in row.get("absent", ()):
        assert world.fill(word) not in body.decode()


def _location(answer: Answer) -> str:
    status, headers, body = answer
    assert status == 201, body
    return headers["Location"]


def _stored_by_users(zone: Mapping[str, Any]) -> dict[str, Any]:
    """Return the zone without its deployment and its serial, which the deployer raises if another content is served."""
    return {name: value for name, value in zone.items() if name not in ("deployment", "serial")}
