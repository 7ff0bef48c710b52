"""The attacks of a stranger, who can reach the API's port, and has no credential."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.appliance import Appliance
from tests.pair import wait_for
from tests.security.conftest import Customer
from tests.security.raw_http import Browser, exchange, statuses

MANY, LARGE = 60, 240_000
MIB = 1 << 20


def resident(pid: int) -> int:
    """Return the resident memory of a process in octets."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def api_process(appliance: Appliance) -> int:
    """Return the process id of the API."""
    pid = appliance.child(" serve ")
    assert pid
    return pid


def test_every_call_needs_a_token(appliance: Appliance) -> None:
    stranger = appliance.client(None)
    document = stranger.expect(200, "GET", "/openapi.json")
    for path, methods in document["paths"].items():
        for method in set(methods) & {"get", "post", "put", "patch", "delete"}:
            if "security" in methods[method] and not methods[method]["security"]:
                continue
            answer = stranger(method.upper(), re.sub(r"^/api/v1", "", re.sub(r"{\w+}", "x", path)))
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/nothing/", "/dns-zones/x/y/z/", "/%00"])
def test_what_exists_is_not_disclosed(appliance: Appliance, path: str) -> None:
    for method in ("GET", "POST", "TRACE", "BREW"):
        assert appliance.client(None)(method, path).status_code in (400, 401)


def test_the_console_shows_only_its_sign_in_page(appliance: Appliance) -> None:
    for path in ("/", "/zones/", "/account/", "/tokens/", "/people/", "/audit/"):
        browser = Browser(appliance)
        assert 'type="password"' in browser.get(path).text or browser.get(path).status_code == 404, path


def test_a_failed_sign_in_does_not_tell_who_has_an_account(appliance: Appliance, victim: Customer) -> None:
    pages = []
    for email in (victim.email, f"nobody.{victim.email}"):
        browser = Browser(appliance)
        page = browser.submit("/sign-in/", {"email": email, "password": "wrong horse battery staple"})
        pages.append((page.status_code, re.sub(r'value="[^"]*"', "", page.text)))
    assert pages[0] == pages[1]


def test_sign_ins_of_any_size_keep_no_memory(appliance: Appliance) -> None:
    pid, browser = api_process(appliance), Browser(appliance)

    def try_many() -> int:
        for number in range(MANY):
            email = f"{number}@" + "x" * LARGE
            answer = browser.submit("/sign-in/", {"email": email, "password": "wrong horse battery staple"})
            assert answer.status_code == 400
        return resident(pid)

    before = try_many()
    wait_for(lambda: try_many() - before < MANY * LARGE / 2, "the API keeps nothing of refused sign-ins")


def test_a_large_body_without_a_token_is_refused_before_it_is_sent(appliance: Appliance) -> None:
    head = b"POST /api/v1/dns-zones/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
    assert statuses(exchange(appliance, head % (31 * MIB))) == [401]


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Content-Length: 5\r\nContent-Length: 50",
        b"Content-Length: +5",
        b"Transfer-Encoding: x\r\n chunked",
    ],
)
def test_no_request_is_smuggled(appliance: Appliance, head: bytes) -> None:
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    request = b"POST /api/v1/dns-zones/ HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n" + hidden
    assert statuses(exchange(appliance, request)) in ([400], [501])


def test_no_header_is_injected(appliance: Appliance) -> None:
    answer = exchange(appliance, b"GET /api/v1/dns-zones/%0d%0aX-Injected:%20yes HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"\r\nX-Injected" not in answer


def test_no_software_version_is_disclosed(appliance: Appliance) -> None:
    for path in ("/healthz", "/readyz", "/api/v1/dns-zones/", "/sign-in/", "/nothing"):
        answer = appliance.get(path)
        assert not {"Server", "X-Powered-By"} & set(answer.headers)
        assert not re.search(r"waitress|werkzeug|python/|traceback", answer.text, re.IGNORECASE)


def test_a_forged_address_is_not_believed(appliance: Appliance) -> None:
    token = appliance.token("networks@example.org", options=("--network", "203.0.113.0/24"))
    forged = appliance.client(token)("GET", "/dns-zones/", headers={"X-Forwarded-For": "203.0.113.1"})
    assert forged.status_code == 401


def test_an_error_has_no_details_of_the_program(appliance: Appliance) -> None:
    for body in (b"{", b"\xff", b"[" * 100_000, b'{"domain": "' + b"x" * 200_000 + b'"}'):
        head = b"POST /api/v1/dns-zones/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer = exchange(appliance, head + body)
        detail = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert detail.keys() == {"detail", "error_code", "field"}
        assert "Traceback" not in detail["detail"]
