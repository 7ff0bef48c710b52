"""Bearer tokens of the current request (RFC 6750), and whether an operator sent it."""

from __future__ import annotations

import re

from flask import request

from appliance.addresses import parse_ip
from appliance.errors import AuthenticationFailed
from appliance.principal import Principal
from appliance.web.context import context
from appliance.web.host_names import is_known_host, refuse_unknown_host

_HEADER = re.compile(r"(?i:Bearer) (.+)")


def client_address() -> str:
    """Return the address that the request came from."""
    return request.remote_addr or ""


def authenticate_bearer() -> Principal:
    """Return the bearer of the request's token; raise AuthenticationFailed or RateLimited as `Authenticator` has it."""
    found = _HEADER.fullmatch(request.headers.get("Authorization", ""))
    return context().authenticator.authenticate(found[1] if found else "", client_address(), context().clock())


def is_operators_request() -> bool:
    """Return True if the request comes from this machine, or bears a token with `admin:*` for all zones.

    Behind a proxy every request may come from this machine, so then only the token counts. Raise UnknownHost if a
    foreign name led a browser of this machine here, and RateLimited as `authenticate_bearer` does.
    """
    is_here = not context().settings.api.trusted_proxies and parse_ip(client_address()).is_loopback
    if "Authorization" in request.headers and not (is_here and is_known_host()):
        return _bears_operators_token()
    if is_here:
        refuse_unknown_host()
    return is_here


def _bears_operators_token() -> bool:
    try:
        principal = authenticate_bearer()
    except AuthenticationFailed:
        return False
    return principal.operator and principal.limits.zones is None
