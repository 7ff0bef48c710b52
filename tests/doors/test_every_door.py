"""What is true of each small door: it can be switched off, and answers failures in the form of its protocol."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, cast

from werkzeug.test import TestResponse

from appliance.app import create_app
from appliance.doors.external_dns.views import MEDIA_TYPE
from appliance.settings import ApiSettings
from appliance.store import accounts
from appliance.web.front_doors import MAX_BODY
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


def test_a_door_that_is_off_is_not_found(doors: Doors) -> None:
    settings, switches = doors.application.settings, cast(Any, dict.fromkeys(CALLS, False))
    off = create_app(replace(settings, doors=replace(settings.doors, **switches)), doors.application.clock)
    caller = Caller(off.test_client(), doors.caller().secret)
    for method, path in CALLS.values():
        assert is_error(caller(method, path), 404, "not_found")
        assert is_error(off.test_client().open(path, method=method), 404, "not_found")


def test_each_door_counts_its_requests_and_the_uses_of_tokens(doors: Doors) -> None:
    callers = {key: doors.caller() for key in CALLS}
    statuses = {key: callers[key](*call).status_code for key, call in CALLS.items()}
    metrics = callers["httpreq"].client.get("/metrics").text
    with doors.application.store.connection():
        for key, status in statuses.items():
            assert f'dns_appliance_door_requests_total{{door="{key}",status="{status}"}} 1.0' in metrics
            token = accounts.find_token(callers[key].secret)
            assert token and token.last_uses == ((key, doors.application.clock()),)


def test_broken_bodies_are_no_fault_of_the_appliance(doors: Doors) -> None:
    caller, serial = doors.caller(), doors.serial
    media_types = ("application/json", "application/x-www-form-urlencoded")
    for call, media_type, body in itertools.product(CALLS.values(), media_types, BROKEN):
        answer = caller(*call, data=body, content_type=media_type)
        assert answer.status_code < 500, (call, body, answer.text)
    assert doors.serial == serial


def test_each_door_says_in_its_form_that_it_cannot_store_now(doors: Doors) -> None:
    caller, path = doors.caller(), doors.application.settings.store.path
    for file in list(path.parent.glob(f"{path.name}*")):
        file.rename(file.with_name(f"away-{file.name}"))
    for key, call in CALLS.items():
        answer = caller(*call, query_string={"hostname": "www.example.org"})
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        assert _has_reason(key, answer, "911" if key == "dyndns2" else "unavailable")


def test_each_door_limits_calls(doors: Doors) -> None:
    limited = doors.application.configured(ApiSettings(token_rate=1, token_burst=1))
    for key, call in CALLS.items():
        caller = Caller(limited.app.test_client(), doors.caller().secret)
        assert caller(*call).status_code in (200, 204, 400, 401)
        refused = caller(*call)
        assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
        assert _has_reason(key, refused, "abuse" if key == "dyndns2" else "rate_limited")


def test_each_door_names_the_methods_of_a_path(doors: Doors) -> None:
    caller = doors.caller()
    for path in (path for _, path in (*CALLS.values(), ("GET", "/api"))):
        answer = caller("DELETE", path)
        assert answer.status_code == 405 and {"GET", "POST"} & set(answer.headers["Allow"].split(", "))


def test_each_door_limits_bodies(doors: Doors) -> None:
    caller = doors.caller()
    for key in CALLS.keys() - {"dyndns2"}:  # whose bodies are forms, which the server limits
        most = 32 * 1024 * 1024 if key == "external_dns" else MAX_BODY
        assert caller(*CALLS[key], data=bytes(most + 1)).status_code == 413


def _has_reason(key: str, answer: TestResponse, reason: str) -> bool:
    """Return whether the answer has the form of its door, and that word or code of an error; acme-dns has none."""
    if key == "dyndns2":
        return answer.text == reason
    body = answer.get_json(force=True)
    if key == "acme_dns":
        return list(body) == ["error"] and bool(body["error"])
    return bool(body["error_code"] == reason) and (
        key != "external_dns" or answer.headers["Content-Type"] == MEDIA_TYPE
    )
