"""Credentials of every door, sent right, sent wrong and in wrong places."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import dns.exception
import dns.message
import dns.query
import requests

from appliance.keys import Key
from tests.broken_http import Call, calls_of
from tests.door_writers import Doors
from tests.pair import LOOPBACK

UNKNOWN = "vps_NobodyNobodyNobodyNobodyNobody01"
WRONG_KEY = base64.b64encode(b"a secret of nobody, of 32 octets").decode()


def use_everywhere(doors: Doors) -> list[str]:
    """Write by every door, then send its credentials in wrong ways; return all responses."""
    for writer in doors.writers:
        writer.write(0)
    calls = [calls[0] for calls in calls_of(doors).values()]
    for call in calls:  # an error quotes the name that it was sent, to its sender alone
        _answer(doors, replace(call, body=call.body.replace(doors.domain.encode(), doors.credentials.secret.encode())))
    return [*(_answer(doors, wrong) for call in calls for wrong in _wrong(doors, call)), *_signed_wrongly(doors)]


def secrets_of(doors: Doors) -> set[str]:
    """Return what must be nowhere: the secrets of these doors, and those that are wrong."""
    credentials = doors.credentials
    return {credentials.secret, credentials.account["password"], credentials.registrar, UNKNOWN}


def keys_of(doors: Doors) -> set[str]:
    """Return the secrets of TSIG keys; the store has that of `doors`."""
    return {doors.credentials.key.secret, WRONG_KEY}


def _wrong(doors: Doors, call: Call) -> Iterator[Call]:
    """Yield the call with credentials that are wrong, or in wrong places."""
    secret, path = doors.credentials.secret, call.path.partition("?")[0]
    user = base64.b64encode(f"{secret}:".encode()).decode()
    for header in (f"Basic {user}", f"Bearer {secret[:-1]}", f"Basic {secret}", f"Bearer {UNKNOWN}", secret):
        yield replace(call, headers={"Authorization": header})
    for key in (UNKNOWN, secret[:-1], f"{secret} {secret}"):
        yield replace(call, headers={"X-API-Key": key, "X-Api-User": secret})
    for wrong in (f"{path}/{secret}", f"{path}?password={secret}&username=x&hostname=a.example", f"/{secret}{path}"):
        yield replace(call, path=wrong)
        yield replace(call, path=wrong, headers={})


def _answer(doors: Doors, call: Call) -> str:
    """Return header and body of the response."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(
            call.method,
            doors.url + call.path,
            headers=dict(call.headers),
            data=call.body,
            timeout=60,
            allow_redirects=False,
        )
    return f"{answer.headers} {answer.text}"


def _signed_wrongly(doors: Doors) -> Iterator[str]:
    """Yield the responses to updates and queries with a wrong secret, an unknown key and a secret as its name."""
    credentials = doors.credentials
    for name, key in (
        (credentials.key.name, WRONG_KEY),
        ("unknown", credentials.key.secret),
        (credentials.secret, credentials.key.secret),
    ):
        wrong = replace(doors, credentials=replace(credentials, key=Key(name, "hmac-sha256", key)))
        for send in (dns.query.udp, dns.query.tcp):
            with suppress(dns.exception.DNSException):
                yield send(wrong.signed_update(), LOOPBACK, 10, doors.update_port).to_text()
