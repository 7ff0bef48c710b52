"""Refused requests in the log: who was refused what, a bounded number of lines a minute, never a secret."""

from __future__ import annotations

import logging

from flask import g, request

from appliance.errors import ApplianceError, AuthenticationFailed, NotPermitted, RateLimited
from appliance.store.accounts import PUBLIC_CHARACTERS, TOKEN_PREFIX
from appliance.web.context import context
from appliance.web.request_credentials import API_KEY, secret_of

log = logging.getLogger(__name__)

_EVENTS = {
    AuthenticationFailed: "event=token-refused",
    NotPermitted: "event=call-refused",
    RateLimited: "event=rate-limited",
}


def log_refusal(error: ApplianceError) -> None:
    """Log an error if it refuses the client of this request."""
    event = next((_EVENTS[base] for base in type(error).__mro__ if base in _EVENTS), None)
    if event is None or context().limits.log_lines.take(event):
        return
    principal = g.get("principal")
    log.warning(
        "%s address=%s account=%s token=%s method=%s route=%s reason=%r",
        event,
        request.remote_addr,
        principal.account.email if principal else None,
        _public_part(request.headers.get(API_KEY) or secret_of(request.headers.get("Authorization", ""))),
        request.method,
        request.url_rule.rule if request.url_rule else None,
        str(error),
    )


def _public_part(secret: str) -> str | None:
    """Return the first characters of a token, which are no secret, or None if there is none."""
    public = secret[:PUBLIC_CHARACTERS]
    is_token = secret.startswith(TOKEN_PREFIX) and len(secret) > 2 * PUBLIC_CHARACTERS
    return public if is_token and public.isascii() and public.isprintable() else None
