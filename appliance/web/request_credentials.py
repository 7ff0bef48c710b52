"""The credential of a request, in its headers: a bearer token, the password of Basic, or a key of its own header.

The module knows neither Flask nor waitress, which both read headers with it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

API_KEY = "X-API-Key"
"""The header of clients of PowerDNS and acme-dns."""
_BEARER = re.compile(r"(?i:Bearer) (.+)")
_BASIC = re.compile(r"(?i:Basic) +([A-Za-z0-9+/]+={0,2})")


def bearer_of(authorization: str) -> str:
    """Return the token of an Authorization header (RFC 6750), "" if there is none."""
    found = _BEARER.fullmatch(authorization)
    return found[1] if found else ""


def secret_of(authorization: str) -> str:
    """Return the token of an Authorization header, or the password of Basic (RFC 7617), "" if there is neither.

    The user name is free text.
    """
    found = _BASIC.fullmatch(authorization)
    return _password(found[1]) if found else bearer_of(authorization)


def client_credentials(header: Callable[[str], str | None]) -> Iterator[str]:
    """Yield the credentials by which the client of a request may be known again; `header` finds one.

    Of Basic it is the password alone: with a user name beside it, one client could be known as many.
    """
    found = (header(API_KEY), secret_of(header("Authorization") or ""), header("Cookie"))
    yield from filter(None, found)


def _password(encoded: str) -> str:
    try:
        octets = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return ""
    return octets.decode("utf-8", "replace").partition(":")[2]
