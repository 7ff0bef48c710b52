"""What is true of each small door: it can be switched off, and what is broken is answered as the client's fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from appliance.app import create_app
from tests.api.conftest import is_error
from tests.doors.callers import Caller, Doors

CALLS = {
    "httpreq": ("POST", "/httpreq/present"),
    "dyndns2": ("POST", "/nic/update"),
    "acme_dns": ("POST", "/acme-dns/update"),
    "external_dns": ("POST", "/external-dns/records"),
}
BROKEN = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"1e999",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a": 1, "a": 2}',
    b'{"fqdn": "\\ud800", "value": "\\ud800"}',
    b'{"domain": {}, "keyAuth": []}',
    b'{"subdomain": {}, "txt": {}}',
    b'{"create": {"0": 1}}',
    b'{"Create": [[]], "DELETE": [{"dnsName": "\\ud800", "recordType": "A"}]}',
    b'{"create": [{"dnsName": "a.example.org", "recordType": "\\u0000", "targets": ["\\u0000"]}]}',
    b'{"create": [{"dnsName": "a.example.org", "recordType": "A", "targets": ["192.0.2.1"], "recordTTL": -1}]}',
    b'{"delete": [{"dnsName": "a.example.org", "recordType": "ANY", "targets": ["x"]}]}',
    b"hostname=%00&myip=%00",
    b"hostname=a.example.org&myip=%ff",
]


@pytest.mark.parametrize(("key", "call"), CALLS.items())
def test_a_door_that_is_off_is_not_found(doors: Doors, key: str, call: tuple[str, str]) -> None:
    settings, switch = doors.application.settings, cast(Any, {key: False})
    off = create_app(replace(settings, doors=replace(settings.doors, **switch)), doors.application.clock)
    caller = Caller(off.test_client(), doors.caller().secret)
    assert is_error(caller(*call), 404, "not_found")
    assert is_error(off.test_client().open(call[1], method=call[0]), 404, "not_found")


@pytest.mark.parametrize("call", CALLS.values())
def test_broken_bodies_are_no_fault_of_the_appliance(doors: Doors, call: tuple[str, str]) -> None:
    caller, serial = doors.caller(), doors.serial
    for media_type in ("application/json", "application/x-www-form-urlencoded"):
        for body in BROKEN:
            answer = caller(*call, data=body, content_type=media_type)
            assert answer.status_code < 500, (body, answer.text)
    assert doors.serial == serial
