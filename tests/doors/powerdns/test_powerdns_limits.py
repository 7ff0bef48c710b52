"""Limits of the PowerDNS API: sizes, rates, a store that cannot be written, broken bodies, concurrent calls."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.app import create_app
from appliance.doors.powerdns.bodies import LARGE_BODY, max_body
from appliance.store.file import sqlite
from appliance.web.front_doors import MAX_BODY
from tests.api.conftest import Application
from tests.doors.conftest import KeyClient
from tests.doors.powerdns.calls import CHALLENGE, ZONE, change, created, is_done, is_refused, patched, serial

FIELDS = ("name", "type", "ttl", "changetype", "records", "comments")
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["A", "MX", "TXT", "REPLACE", "EXTEND", "a.example.com.", '"']))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["content", "disabled"]), inner, max_size=2)
    ),
    max_leaves=5,
)
RRSETS = st.lists(
    st.one_of(
        VALUES,
        st.builds(
            lambda changed: change("a.example.com.", "A", "REPLACE", "192.0.2.1") | changed,
            st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3),
        ),
    ),
    max_size=3,
)


@pytest.fixture
def limited(application: Application) -> KeyClient:
    """A client that may call twice in a burst."""
    api = replace(application.settings.api, token_rate=1, token_burst=2)
    app = create_app(replace(application.settings, api=api), application.clock, lambda: 0.0)
    return KeyClient(app.test_client(), application.secret("me@example.org", "dns:*"))


def test_calls_over_the_rate_are_429_and_say_when_to_repeat(limited: KeyClient) -> None:
    answers = [limited("GET", "/zones") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert is_refused(answers[-1], "429 Too Many Requests") and int(answers[-1].headers["Retry-After"]) >= 1


@pytest.fixture
def guessing(application: Application) -> KeyClient:
    """A client with a wrong key, of an address that may guess twice in a burst."""
    api = replace(application.settings.api, failure_rate=1, failure_burst=2)
    app = create_app(replace(application.settings, api=api), application.clock, lambda: 0.0)
    return KeyClient(app.test_client(), "vps_wrong")


def test_wrong_keys_count_against_the_address(guessing: KeyClient) -> None:
    assert [guessing("GET", "/zones").status_code for _ in range(3)] == [401, 401, 429]


def test_longer_bodies_are_accepted_where_rrsets_are(pdns: KeyClient) -> None:
    created(pdns)
    assert {max_body(method, ZONE) for method in ("PATCH", "POST")} == {LARGE_BODY}
    assert is_done(pdns("PATCH", ZONE, {"rrsets": [], "padding": " " * MAX_BODY}))
    answer = pdns("PUT", ZONE, {"padding": " " * MAX_BODY})
    assert is_refused(answer, "413 Request Entity Too Large", "Request Entity Too Large")


def test_a_store_that_cannot_be_written_is_503(application: Application, pdns: KeyClient) -> None:
    created(pdns)
    with closing(sqlite.connect(application.settings.store.path)) as another_program:
        another_program.execute("begin immediate")
        answer = patched(pdns, change(CHALLENGE, "TXT", "REPLACE", '"one"'))
    assert is_refused(answer, "503 Service Unavailable") and answer.headers["Retry-After"] == "5"
    assert (CHALLENGE, "TXT") not in pdns.rrsets("example.com")


def test_a_protected_zone_is_422_with_the_reason(application: Application, pdns: KeyClient) -> None:
    created(pdns)
    me = application.bearer("me@example.org")
    assert me("PATCH", "/dns-zones/example.com/", {"protected": True}).status_code == 200
    assert is_refused(pdns("DELETE", ZONE), "422 Unprocessable Entity", "protected")


def test_concurrent_calls_on_one_set_lose_nothing(application: Application, pdns: KeyClient) -> None:
    created(pdns)
    before = serial(pdns)

    def extend(number: int) -> int:
        client = KeyClient(application.app.test_client(), pdns.key)
        return patched(client, change(CHALLENGE, "TXT", "EXTEND", f'"{number}"')).status_code

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(extend, range(8))) == {204}
    assert sorted(pdns.rrsets("example.com.")[CHALLENGE, "TXT"]) == [f'"{number}"' for number in range(8)]
    assert serial(pdns) == before + 8


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(VALUES, RRSETS.map(lambda rrsets: {"rrsets": rrsets})))
def test_a_broken_body_is_never_a_fault(pdns: KeyClient, body: object) -> None:
    if pdns("GET", ZONE).status_code == 404:
        created(pdns)
    assert pdns("PATCH", ZONE, data=json.dumps(body)).status_code in (204, 422)
    zone: Any = {"name": "x.example.org.", "kind": "Native"} | (
        body if isinstance(body, dict) else {"nameservers": body}
    )
    assert pdns("POST", "/zones", data=json.dumps(zone)).status_code in (201, 409, 422)


@pytest.mark.parametrize("path", ["", "/zones", ZONE, f"{ZONE}/notify", "/nothing"])
def test_unknown_methods_are_errors_of_the_powerdns_api(pdns: KeyClient, path: str) -> None:
    answer = pdns("TRACE", path)
    assert answer.status_code in (404, 405) and list(answer.get_json()) == ["error"]
