"""The bearer token of the current request (RFC 6750), and whether an operator sent the request."""

from __future__ import annotations

from flask import request

from appliance.addresses import parse_ip
from appliance.errors import AuthenticationFailed
from appliance.identity.authentication import API_DOOR
from appliance.principal import EVERYTHING, Principal
from appliance.web import rate_headers
from appliance.web.context import context, learn_client
from appliance.web.host_names import is_known_host, refuse_unknown_host
from appliance.web.request_credentials import bearer_of


def client_address() -> str:
    """Return the IP address of the client."""
    return request.remote_addr or ""


def bearer_secret() -> str:
    """Return the secret of the request, "" if it has none."""
    return bearer_of(request.headers.get("Authorization", ""))


def authenticate_bearer() -> Principal:
    """Return the principal of the request's token; raise errors as `Authenticator.authenticate` does."""
    return authenticate_secret(bearer_secret())


def authenticate_secret(secret: str, via: str = "", door: str = API_DOOR) -> Principal:
    """Return the principal of a request with that secret; arguments and errors are those of `authenticate`."""
    principal = context().authenticator.authenticate(secret, client_address(), context().clock(), via, door)
    learn_client(secret, principal.account.uuid)
    if principal.token:
        rate_headers.note_request(principal.token.uuid)
    return principal


def is_operators_request() -> bool:
    """Return True if the request comes from this machine, or has a token with `admin:*` that is not limited to zones.

    With trusted proxies only the token counts, because every request may then come from this machine. Raise UnknownHost
    if a request of this machine uses an unknown host name (DNS rebinding), and RateLimited as `authenticate_bearer`.
    """
    is_local = not context().settings.api.trusted_proxies and parse_ip(client_address()).is_loopback
    if "Authorization" in request.headers and not (is_local and is_known_host()):
        return _has_operators_token()
    if is_local:
        refuse_unknown_host()
    return is_local


def _has_operators_token() -> bool:
    try:
        principal = authenticate_bearer()
    except AuthenticationFailed:
        return False
    return principal.operator and principal.scope == EVERYTHING
