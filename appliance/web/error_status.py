"""The one table from the error tree to HTTP, and faults of ours under a reference."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping

from flask import request

from appliance.errors import (
    ApplianceError,
    AuthenticationFailed,
    Busy,
    InputError,
    NotFound,
    NotPermitted,
    RateLimited,
    StoreError,
    UnknownHost,
    ZoneProtected,
)

log = logging.getLogger(__name__)

RETRY_AFTER = "5"
"""Seconds after which a call that the store refused may be tried again, as the header says it."""

STATUS: Mapping[type[ApplianceError], int] = {
    InputError: 400,
    AuthenticationFailed: 401,
    NotPermitted: 403,
    NotFound: 404,
    ZoneProtected: 409,
    UnknownHost: 421,
    RateLimited: 429,
    Busy: 503,
    StoreError: 503,
}
"""The nearest kind above an error decides; a kind that has no row is a fault of ours."""


def status_of(error: ApplianceError) -> int | None:
    """The status of what the appliance refuses, or None for a fault of ours; a failing store is logged."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
    if isinstance(error, StoreError):
        log.error("event=store-failed reason=%r", str(error))
    return status


def retry_after_of(error: Exception) -> str | None:
    """Return the `Retry-After` of an error that time alone may cure, in seconds, or None."""
    if isinstance(error, RateLimited | Busy):
        return str(error.retry_after)
    return RETRY_AFTER if isinstance(error, StoreError) else None


def reference_of(fault: Exception) -> str:
    """Log a fault of ours, under the reference that is told to whoever asked."""
    reference = secrets.token_hex(8)
    route = request.url_rule.rule if request.url_rule else None
    log.error("event=fault reference=%s method=%s route=%s", reference, request.method, route, exc_info=fault)
    return reference
