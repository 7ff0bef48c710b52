"""Credentials in headers: bearer tokens, passwords of Basic, and what identifies a client."""

from __future__ import annotations

import base64

import pytest

from appliance.web.request_credentials import bearer_of, client_credentials, secret_of


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        ("Bearer vps_x", "vps_x"),
        ("bearer vps_x", "vps_x"),
        (basic("anything:vps_x"), "vps_x"),
        (basic(":vps_x").replace("Basic", "BASIC"), "vps_x"),
        (basic("a:b:c"), "b:c"),
        (basic("no colon"), ""),
        ("Basic !!", ""),
        ("Basic YQ", ""),
        ("Basic", ""),
        ("vps_x", ""),
        ("", ""),
    ],
)
def test_the_secret_is_the_token_or_the_password(header: str, secret: str) -> None:
    assert secret_of(header) == secret


def test_the_api_accepts_a_bearer_token_alone() -> None:
    assert bearer_of("Bearer vps_x") == "vps_x" and bearer_of(basic("a:vps_x")) == ""


def test_a_client_may_be_known_by_each_of_its_credentials() -> None:
    headers = {"Cookie": "c", "Authorization": basic("user:a"), "X-API-Key": "k"}
    assert list(client_credentials(headers.get)) == ["k", "a", "c"]
    assert list(client_credentials({"Authorization": "Bearer a"}.get)) == ["a"]
    headers.clear()
    assert not list(client_credentials(headers.get))
