"""Credentials in headers: bearer tokens, passwords of Basic, and what identifies a client."""

from __future__ import annotations

import base64

import pytest

from appliance.web.request_credentials import bearer_of, client_credential, secret_of


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


def test_a_client_is_known_by_its_first_credential() -> None:
    headers = {"Cookie": "c", "Authorization": "a", "X-API-Key": "k"}
    assert client_credential(headers.get) == "k"
    del headers["X-API-Key"]
    assert client_credential(headers.get) == "a"
    del headers["Authorization"]
    assert client_credential(headers.get) == "c"
    del headers["Cookie"]
    assert client_credential(headers.get) == ""
