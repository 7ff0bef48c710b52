"""Malformed requests to the doors over HTTP: random mutations of valid calls. The same seed gives the same ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from random import Random
from urllib.parse import quote

from tests.door_writers import Doors, challenge
from tests.soak.mutate import random_text

HOSTILE_JSON = (
    *("null", "true", "-1", "0", "1.5", "1e999", "NaN", "9" * 400, "2147483648", '""', '"\\u0000"', '"\\ud800"'),
    *('"."', '".."', '"*"', '"\\"', '"\\\\"', '"\\\\300"', '"' + "a" * 5_000 + '"', "[]", "{}", "[[]]", '{"": {}}'),
    *("[" * 20_000, '{"a":' * 20_000, "[" * 500 + "]" * 500, '{"a": 1, "a": 2}', '"é\\u202e"', '"192.0.2.1"', "["),
)
"""Text in place of a value of a JSON body."""
HOSTILE_BODIES = (
    *(b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x1f\x8b\x08\0", '{"a": 1}'.encode("utf-16"), b"\xed\xa0\x80"),
    *(b"%00=%00&%ff", b"hostname=a&hostname=b", b"a=1&" * 20_000, b" " * 100_000, b"--x\r\n\r\n--x--", b"{" * 300_000),
)
HOSTILE_CREDENTIALS = (
    *(
        "",
        "Basic",
        "Basic ",
        "Basic ====",
        "Basic Og==",
        "Basic \xff",
        "Bearer",
        "Bearer  a  b",
        "Digest a",
        "a" * 60_000,
    ),
    *("Basic " + base64.b64encode(one).decode() for one in (b"", b"a", b"\xff:\xff", b"a:\0", b":" * 9_000, b"a:vps_")),
)
HOSTILE_HEADERS = (
    *(("Content-Type", one) for one in ("", "text", "application/json; charset=x", "multipart/form-data; boundary=x")),
    *(("Content-Encoding", "gzip"), ("Expect", "200-ok"), ("Expect", "100-continue"), ("Host", ""), ("Host", "\xff")),
    *(("X-Forwarded-For", "::::"), ("Accept", "a" * 20_000), ("Upgrade", "h2c"), ("Range", "bytes=9-1"), ("Te", "x")),
    *(("If-Match", '"x'), ("Prefer", "wait=99999"), ("X-HTTP-Method-Override", "DELETE"), ("Cookie", "session=x")),
)
HOSTILE_FRAMES = (
    *(b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 1, 1", b"Content-Length: x"),
    *(
        b"Content-Length: 3\r\nContent-Length: 4",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ),
    *(b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"),
    *(
        b" folded",
        b"no colon",
        b": no name",
        b"X: a\0b",
        b"X: " + b"a" * 70_000,
        b"A: b\r\n" * 3_000,
        b"Content-Length: 900",
    ),
)
"""Header lines in place of the valid Content-Length."""
HOSTILE_STARTS = (
    b"",
    b"\r\n" * 9,
    b"\0" * 99,
    b"GET",
    b"GET /\r\n\r\n",
    b"get /nic/update HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01",
)


class Kind(Enum):
    """What is malformed: from WIRE on it may be unclear where the request ends, so that no response need come."""

    JSON = auto()
    BODY = auto()
    PATH = auto()
    CREDENTIAL = auto()
    HEADER = auto()
    WIRE = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """A valid request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    frame: bytes | None = field(default=None, kw_only=True)

    @property
    def octets(self) -> bytes:
        """Return it as it is sent; the connection is closed after its response."""
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in {"Host": "a", "Connection": "close", **self.headers}.items()]
        frame = b"Content-Length: %d" % len(self.body) if self.frame is None else self.frame
        return "\r\n".join(lines).encode("latin-1") + b"\r\n" + frame + b"\r\n\r\n" + self.body


@dataclass(frozen=True, slots=True)
class BrokenRequest:
    """A request to a door, and what is malformed in it."""

    door: str
    kind: Kind
    octets: bytes = field(repr=False)

    def __str__(self) -> str:
        shown = repr(self.octets[:600])
        return f"{self.door}, {self.kind.name}: {shown}"


def broken_requests(random: Random, door: str, calls: list[Call], count: int) -> Iterator[BrokenRequest]:
    """Yield so many malformed requests to one door."""
    for _ in range(count):
        kind = random.choice([kind for kind in Kind for _ in range(_SHARES[kind])])
        yield BrokenRequest(door, kind, _BREAK[kind](random, random.choice(calls)))


def calls_of(doors: Doors) -> dict[str, list[Call]]:
    """Return valid calls of each door over HTTP."""
    credentials = doors.credentials
    basic = {"Authorization": "Basic " + base64.b64encode(f"x:{credentials.secret}".encode()).decode()}
    account, key = credentials.account, {"X-API-Key": credentials.secret}
    user = {"X-Api-User": account["username"], "X-Api-Key": account["password"]}
    zones, name = "/api/v1/servers/localhost/zones", f"a.{doors.domain}"
    rrset = {"name": f"{name}.", "type": "A", "ttl": 60, "changetype": "REPLACE", "records": [{"content": "192.0.2.1"}]}
    endpoint = {"dnsName": name, "recordType": "A", "recordTTL": 60, "targets": ["192.0.2.1"], "labels": {"owner": "x"}}
    changes = {"create": [endpoint], "updateOld": [endpoint], "updateNew": [endpoint], "delete": [endpoint]}
    challenges = [{"fqdn": f"{name}.", "value": "x"}, {"domain": name, "token": "x", "keyAuth": "x.y"}]
    updates = (f"hostname={name}&myip=192.0.2.1", f"hostname={name},b.{name}&myip=192.0.2.1,2001:db8::1&offline=YES")
    return {
        "powerdns": [
            Call("PATCH", f"{zones}/{doors.domain}.", key, _json({"rrsets": [rrset]})),
            Call("POST", zones, key, _json({"name": f"b.{doors.domain}.", "kind": "Native", "nameservers": ["x."]})),
            Call("GET", f"{zones}/{doors.domain}.?rrset_name={name}.&rrset_type=A", key),
            Call("PUT", f"{zones}/{doors.domain}./notify", key),
        ],
        "httpreq": [
            Call("POST", f"/httpreq/{call}", basic, _json(body))
            for call in ("present", "cleanup")
            for body in challenges
        ],
        "dyndns2": [Call("GET", f"/nic/update?{query}", basic) for query in updates]
        + [
            Call(
                "POST",
                "/nic/update",
                basic | {"Content-Type": "application/x-www-form-urlencoded"},
                updates[0].encode(),
            )
        ],
        "acme_dns": [
            Call(
                "POST", "/acme-dns/update", user, _json({"subdomain": user["X-Api-User"], "txt": challenge("broken")})
            ),
            Call("POST", "/acme-dns/register", basic, _json({"allowfrom": ["192.0.2.0/24"]})),
        ],
        "external_dns": [
            Call("POST", "/external-dns/records", basic, _json(changes)),
            Call("POST", "/external-dns/adjustendpoints", basic, _json([endpoint])),
            Call("GET", "/external-dns/", basic),
        ],
    }


def _break_json(random: Random, call: Call) -> bytes:
    """Replace a value, or a key, of the body."""
    words = call.body.decode().split(" ") or [""]
    words[random.randrange(len(words))] = random.choice(HOSTILE_JSON)
    return replace(call, body=" ".join(words).encode(errors="surrogatepass")).octets


def _break_body(random: Random, call: Call) -> bytes:
    if random.random() < 0.5:
        return replace(call, body=random.choice(HOSTILE_BODIES)).octets
    return replace(call, body=random_text(random, [call.body.decode()]).encode(errors="surrogatepass")).octets


def _break_path(random: Random, call: Call) -> bytes:
    path = random_text(random, [call.path]).encode(errors="surrogatepass")
    return replace(call, path="/" + quote(path, safe="/?&=%")[:60_000].lstrip("/")).octets


def _break_credential(random: Random, call: Call) -> bytes:
    name = random.choice(list(call.headers))
    return replace(call, headers={**call.headers, name: random.choice(HOSTILE_CREDENTIALS)}).octets


def _break_header(random: Random, call: Call) -> bytes:
    return replace(call, headers={**call.headers, **dict([random.choice(HOSTILE_HEADERS)])}).octets


def _break_wire(random: Random, call: Call) -> bytes:
    octets, at = call.octets, random.randrange(len(call.octets))
    choices: list[Callable[[], bytes]] = [
        lambda: octets[:at],
        lambda: random.choice(HOSTILE_STARTS) + random.randbytes(random.randrange(300)),
        lambda: octets[:at] + random.randbytes(4) + octets[at + 4 :],
        lambda: replace(call, frame=random.choice(HOSTILE_FRAMES)).octets,
        lambda: octets.replace(b"\r\n", random.choice((b"\n", b"\r", b"\r\r\n"))),
        lambda: octets.replace(b"HTTP/1.1", random.choice((b"HTTP/0.9", b"HTTP/3.7", b"HTTP/1.", b"http/1.1 x", b""))),
        lambda: octets.replace(
            call.method.encode(), random.choice((b"", b"A" * 5_000, b"\xff", b"TRACE", b"CONNECT")), 1
        ),
    ]
    return random.choice(choices)()


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


_BREAK: Mapping[Kind, Callable[[Random, Call], bytes]] = {
    Kind.JSON: _break_json,
    Kind.BODY: _break_body,
    Kind.PATH: _break_path,
    Kind.CREDENTIAL: _break_credential,
    Kind.HEADER: _break_header,
    Kind.WIRE: _break_wire,
}
_SHARES: Mapping[Kind, int] = {
    Kind.JSON: 4,
    Kind.BODY: 3,
    Kind.PATH: 2,
    Kind.CREDENTIAL: 1,
    Kind.HEADER: 2,
    Kind.WIRE: 4,
}
