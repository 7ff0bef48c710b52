"""The client of the API that the packages share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from certbot_dns_appliance.api import Api, ApiError, base_of, checked, zone_path

from tests.client.conftest import CERTIFICATE, LOST, Answer, Server

TOKEN = "vps_token"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers as a test says."""
    running = Server(is_encrypted=False)
    yield running
    running.stop()


@pytest.mark.parametrize(
    "url", ["https://dns.example.net", "https://dns.example.net/", "https://dns.example.net/api/v1/"]
)
def test_the_url_may_have_the_path_of_the_api(url: str) -> None:
    assert base_of(url) == "https://dns.example.net/api/v1"


@pytest.mark.parametrize(
    "url", ["dns.example.net", "ftp://dns.example.net", "https://x:y@dns.example.net", "", "https://"]
)
def test_what_is_no_url_of_an_appliance_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^url: "):
        base_of(url)


@pytest.mark.parametrize("token", ["", "secret", "vps_with space", "vps_ü", "vps_a\nb"])
def test_an_error_about_a_token_does_not_have_it(token: str) -> None:
    with pytest.raises(ValueError, match=r"^token: ") as error:
        checked(token)
    assert not token or token not in str(error.value)


def test_a_path_has_the_slash_of_a_domain_escaped() -> None:
    assert zone_path("0/25.2.0.192.in-addr.arpa.") == "dns-zones/0=2F25.2.0.192.in-addr.arpa/"


def test_a_refused_call_names_its_field(url: str, token: str) -> None:
    with pytest.raises(ApiError, match=r"^domain: ") as error:
        Api(url, token, "tests").post("dns-zones/", {"domain": "localhost"})
    assert (error.value.status, error.value.code, error.value.field) == (400, "validation_error", "domain")


def test_all_pages_of_a_list_are_read(url: str, token: str) -> None:
    api = Api(url, token, "tests")
    zone = api.post("dns-zones/", {"domain": "pages.example"}).document["uuid"]
    changes = [
        {"action": "create", "name": f"n{each}", "record_type": "A", "value": "192.0.2.1"} for each in range(1001)
    ]
    api.post(f"dns-zones/{zone}/changes/", {"changes": changes})
    assert len([*api.listed("dns-records/", zone=zone)]) == 1001


def test_a_redirect_is_reported_and_not_followed(server: Server) -> None:
    server.answers = [Answer(308, headers={"Location": "https://other.example.net/api/v1/"})]
    with pytest.raises(ApiError, match=r"the appliance is at https://other\.example\.net/api/v1/: use that URL"):
        Api(server.url, TOKEN, "tests").get("dns-zones/")
    assert len(server.sent) == 1


def test_a_password_in_netrc_does_not_replace_the_token(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    Api(server.url, TOKEN, "tests").get("dns-zones/")
    assert server.sent[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("first", [Answer(503, '{"detail": "full"}', {"Retry-After": "0"}), Answer(LOST)])
def test_a_repeated_write_is_the_same_request(server: Server, first: Answer) -> None:
    server.answers = [first, Answer(200, "{}", {"Preference-Applied": "wait=5", "X-Deployment": "live"})]
    assert Api(server.url, TOKEN, "tests").post("dns-zones/", {"domain": "a.example"}, wait=5).live
    before, after = server.sent
    assert before == after
    assert before.headers["Idempotency-Key"]
    assert before.headers["Prefer"] == "wait=5"


def test_a_certificate_is_checked_against_the_authorities_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(is_encrypted=True)
    try:
        with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED"):
            Api(server.url, TOKEN, "tests").get("dns-zones/")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
        assert Api(server.url, TOKEN, "tests").get("dns-zones/").document == []
    finally:
        server.stop()


def test_what_is_not_the_api_is_named(server: Server) -> None:
    server.answers = [Answer(404, "<html>")]
    with pytest.raises(ApiError, match=r"dns-zones/\S* answers 404, but not as the API does"):
        Api(server.url, TOKEN, "tests").get("dns-zones/")


def deployment(state: str, *nameservers: str) -> Answer:
    """Return an answer with the deployment of a zone and its nameservers in these states."""
    return Answer(200, json.dumps({"state": state, "nameservers": [{"state": each} for each in nameservers]}))


@pytest.mark.parametrize(
    ("seen", "live", "seconds"),
    [
        ([deployment("deploying", "live", "lagging"), deployment("live")], True, 0.5),
        ([deployment("deploying", "live", "lagging")], False, 30),
        ([deployment("deploying", "live", "unreachable")], False, 10),
        ([Answer(404, "{}")], False, 0),
    ],
)
def test_a_call_waits_by_itself_if_the_appliance_does_not(
    server: Server, seen: list[Answer], live: bool, seconds: float
) -> None:
    server.answers = [Answer(201, '{"uuid": "u", "zone": "z"}'), *seen]
    slept: list[float] = []
    api = Api(server.url, TOKEN, "tests", clock=lambda: sum(slept), sleep=slept.append)
    assert api.post("dns-records/", {}, wait=30).live is live
    assert sum(slept) == seconds
    assert server.sent[-1].path == "/api/v1/dns-zones/z/deployment/"
