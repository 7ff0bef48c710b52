"""The client's address and the scheme of a request, behind proxies and without."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from appliance.web.middleware import ClientAddress

PROXY, INNER, CLIENT = "127.0.0.1", "10.0.0.2", "192.0.2.7"
BY_SOCKET = "localhost"


def _seen(peer: str, forwarded: str, trusted: tuple[str, ...], proto: str = "") -> tuple[str, str]:
    """Return the address and the scheme that the application sees."""
    seen: dict[str, Any] = {}

    def application(environment: dict[str, Any], _: object) -> Iterable[bytes]:
        seen.update(environment)
        return []

    given = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded, "HTTP_X_FORWARDED_PROTO": proto}
    ClientAddress(application, trusted)({**given, "wsgi.url_scheme": "http"}, lambda *_: lambda _: None)
    return seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        (PROXY, CLIENT, (PROXY,), CLIENT),
        (PROXY, CLIENT, (), PROXY),
        ("192.0.2.66", CLIENT, (PROXY,), "192.0.2.66"),
        (PROXY, f"{PROXY}, {CLIENT}", (PROXY,), CLIENT),
        (PROXY, f"8.8.8.8, {CLIENT}, {INNER}", (PROXY, "10.0.0.0/8"), CLIENT),
        (PROXY, "nonsense", (PROXY,), PROXY),
        (PROXY, "", (PROXY,), PROXY),
        (PROXY, "2001:db8::1", (PROXY,), "2001:db8::1"),
        (BY_SOCKET, "", (), PROXY),
        (BY_SOCKET, CLIENT, (), PROXY),
        (BY_SOCKET, CLIENT, (PROXY,), CLIENT),
        (BY_SOCKET, CLIENT, (INNER,), PROXY),
        ("", CLIENT, (PROXY,), ""),
    ],
)
def test_the_clients_address(peer: str, forwarded: str, trusted: tuple[str, ...], client: str) -> None:
    assert _seen(peer, forwarded, trusted)[0] == client


def test_only_a_trusted_proxy_sets_the_scheme() -> None:
    assert _seen(PROXY, CLIENT, (PROXY,), "https")[1] == "https"
    assert _seen(CLIENT, CLIENT, (PROXY,), "https")[1] == "http"
