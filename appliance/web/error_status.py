"""The HTTP status of each error, in one table, and the log entry of an unexpected exception."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping

from flask import request

from appliance.errors import (
    ApplianceError,
    AuthenticationFailed,
    Busy,
    ConfirmationExpired,
    ConfirmationRequired,
    Conflict,
    IdempotencyConflict,
    InputError,
    NotFound,
    NotPermitted,
    PreconditionFailed,
    RateLimited,
    StoreError,
    UnknownHost,
    ZoneProtected,
)

log = logging.getLogger(__name__)

RETRY_AFTER = "5"
"""Value of the header `Retry-After` after a failure of the store, in seconds."""

STATUS: Mapping[type[ApplianceError], int] = {
    InputError: 400,
    AuthenticationFailed: 401,
    NotPermitted: 403,
    NotFound: 404,
    ConfirmationExpired: 409,
    Conflict: 409,
    ZoneProtected: 409,
    IdempotencyConflict: 409,
    PreconditionFailed: 412,
    UnknownHost: 421,
    ConfirmationRequired: 428,
    RateLimited: 429,
    Busy: 503,
    StoreError: 503,
}
"""The nearest base class in the table decides; an error without one is answered as an internal error."""


def status_of(error: ApplianceError) -> int | None:
    """Return the HTTP status of an error, or None for an internal error; log a failure of the store."""
    status = next((STATUS[base] for base in type(error).__mro__ if base in STATUS), None)
    if isinstance(error, StoreError):
        log.error("event=store-failed reason=%r", str(error))
    return status


def retry_after_of(error: Exception) -> str | None:
    """Return the `Retry-After` in seconds of an error after which the same request may succeed later, or None."""
    if isinstance(error, RateLimited | Busy):
        return str(error.retry_after)
    return RETRY_AFTER if isinstance(error, StoreError) else None


def log_fault(error: Exception) -> str:
    """Log an unexpected exception; return the reference that the log and the response share."""
    reference = secrets.token_hex(8)
    route = request.url_rule.rule if request.url_rule else None
    log.error("event=fault reference=%s method=%s route=%s", reference, request.method, route, exc_info=error)
    return reference
