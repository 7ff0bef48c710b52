"""The credential of a request at a door, and its principal."""

from __future__ import annotations

from typing import cast

from flask import g, request

from appliance.principal import Principal
from appliance.web.request_credentials import API_KEY, secret_of


def read_secret() -> str:
    """Return the bearer token of the request, or the password of Basic, "" if it has neither."""
    return secret_of(request.headers.get("Authorization", ""))


def read_key() -> str:
    """Return the X-API-Key of the request, else what `read_secret` returns."""
    return request.headers.get(API_KEY) or read_secret()


def principal() -> Principal:
    """Return the principal of this request."""
    return cast(Principal, g.principal)
