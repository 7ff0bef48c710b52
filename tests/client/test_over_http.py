"""The transport to a remote appliance: what is repeated, what is trusted, and what never gets the token."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.client import ApiRequest
from appliance.client.over_http import HttpCarrier, base_of
from appliance.errors import NoAnswer, SettingsError
from tests.client.conftest import CERTIFICATE, LOST, Answer, Server
from tests.pair import free_port

TOKEN = "vps_secret"


def carrier(server: Server) -> HttpCarrier:
    """Return a client of the server, which trusts its certificate."""
    return HttpCarrier(server.url, TOKEN, ca_file=CERTIFICATE)


def test_a_call_carries_token_query_and_body(server: Server) -> None:
    response = carrier(server).send(ApiRequest("PUT", "/x/", {"a": "b c"}, {"X-A": "1"}, b"body"))
    (sent,) = server.sent
    assert (response.status, response.document) == (200, [])
    assert (sent.method, sent.path, sent.body) == ("PUT", "/api/v1/x/?a=b+c", b"body")
    assert (sent.headers["Authorization"], sent.headers["X-A"]) == (f"Bearer {TOKEN}", "1")
    assert "Idempotency-Key" not in sent.headers


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_call_that_was_refused_for_now_is_repeated(server: Server, status: int, method: str) -> None:
    server.answers = [Answer(status, "{}", {"Retry-After": "0"}), Answer(200, "{}")]
    assert carrier(server).send(ApiRequest(method, "/x/")).status == 200
    assert len(server.sent) == 2


def test_it_is_refused_in_the_end(server: Server) -> None:
    server.answers = [Answer(503, '{"detail": "full"}', {"Retry-After": "0"})]
    assert carrier(server).send(ApiRequest("GET", "/x/")).status == 503
    assert len(server.sent) == 4


def test_a_post_whose_answer_was_lost_is_repeated_with_its_key(server: Server) -> None:
    server.answers = [Answer(LOST), Answer(200, "{}")]
    assert carrier(server).send(ApiRequest("POST", "/x/")).status == 200
    first, second = (one.headers["Idempotency-Key"] for one in server.sent)
    assert first == second
    carrier(server).send(ApiRequest("POST", "/x/"))
    assert server.sent[-1].headers["Idempotency-Key"] != first


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT"])
def test_others_are_not_repeated_and_the_message_says_so(server: Server, method: str) -> None:
    server.answers = [Answer(LOST)]
    with pytest.raises(NoAnswer, match="whether it was done is unknown"):
        carrier(server).send(ApiRequest(method, "/x/"))
    assert len(server.sent) == 1


def test_no_redirect_gets_the_token(server: Server) -> None:
    server.answers = [Answer(301, "", {"Location": f"{server.url}/elsewhere"})]
    assert carrier(server).send(ApiRequest("GET", "/x/")).status == 301
    assert len(server.sent) == 1


def test_a_certificate_is_verified(encrypted_server: Server) -> None:
    assert carrier(encrypted_server).send(ApiRequest("GET", "/x/")).status == 200
    with pytest.raises(NoAnswer, match=r"is not trusted: .*certificate.*--ca-file"):
        HttpCarrier(encrypted_server.url, TOKEN).send(ApiRequest("GET", "/x/"))
    assert len(encrypted_server.sent) == 1


def test_an_appliance_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NoAnswer, match=f"{url}/api/v1 cannot be reached: .*refused") as failed:
        HttpCarrier(url, TOKEN).send(ApiRequest("POST", "/x/"))
    assert TOKEN not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://dns.example.net", "https://dns.example.net/api/v1"),
        ("https://dns.example.net:8443/api/v1/", "https://dns.example.net:8443/api/v1"),
        ("https://example.net/dns/", "https://example.net/dns/api/v1"),
        ("http://127.0.0.1:8053", "http://127.0.0.1:8053/api/v1"),
        ("http://[::1]:8053", "http://[::1]:8053/api/v1"),
        ("http://localhost:8053", "http://localhost:8053/api/v1"),
    ],
)
def test_urls_of_appliances(url: str, base: str) -> None:
    assert base_of(url) == base


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("dns.example.net", "is not a URL"),
        ("ftp://dns.example.net", "is not a URL"),
        ("https://me:password@dns.example.net", r"^the URL of dns\.example\.net has a user or password"),
        ("https://dns.example.net?x=1", "is not a URL"),
        ("https://[::1", "is not a URL"),
        ("http://dns.example.net", "would send the token unencrypted"),
        ("http://127.0.0.1.example.net", "would send the token unencrypted"),
    ],
)
def test_other_urls_are_refused(url: str, text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        base_of(url)


def test_a_token_may_be_sent_unencrypted_if_somebody_says_so() -> None:
    assert base_of("http://dns.example.net", allow_http=True) == "http://dns.example.net/api/v1"


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], HttpCarrier]:
    """Return a function that makes a client which the environment lets use a proxy."""

    def make(proxy: str) -> HttpCarrier:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy)
        return HttpCarrier("http://dns.example.net", TOKEN, allow_http=True)

    return make


@pytest.mark.parametrize("has_scheme", [True, False])
def test_a_proxy_gets_its_user_and_password(
    server: Server, proxied: Callable[[str], HttpCarrier], *, has_scheme: bool
) -> None:
    scheme, _, place = server.url.partition("://")
    proxied(f"{scheme}://me:a%40b@{place}" if has_scheme else place).send(ApiRequest("GET", "/x/"))
    (sent,) = server.sent
    assert sent.path == "http://dns.example.net/api/v1/x/"
    assert sent.headers.get("proxy-authorization") == ("Basic bWU6YUBi" if has_scheme else None)


@pytest.mark.parametrize("proxy", ["socks5h://me:password@127.0.0.1:1080", "http://127.0.0.1:999999"])
def test_a_proxy_that_cannot_be_used_is_an_error(proxied: Callable[[str], HttpCarrier], proxy: str) -> None:
    with pytest.raises(SettingsError, match=r"^the proxy of this environment .* is not an http:// or https:// URL"):
        proxied(proxy)
