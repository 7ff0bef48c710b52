"""Errors as JSON, on every path that no other front door claims.

{"detail": what is wrong, for people, "error_code": for programs, "field": JSON path of the input, or null}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException

from appliance.errors import (
    ApplianceError,
    AuthenticationFailed,
    ConfirmationExpired,
    IdempotencyConflict,
    InputError,
    RateLimited,
    ZoneProtected,
)
from appliance.web import rate_headers
from appliance.web.error_status import log_fault, retry_after_of, status_of
from appliance.web.front_doors import body_limit
from appliance.web.refusal_log import log_refusal

CODES: Mapping[int, str] = {
    400: "validation_error",
    401: "invalid_token",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "precondition_failed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    421: "misdirected_request",
    428: "confirmation_required",
    429: "rate_limited",
    500: "internal_error",
    503: "unavailable",
}
CODES_BY_TYPE: Mapping[type[ApplianceError], str] = {
    ConfirmationExpired: "confirmation_expired",
    ZoneProtected: "zone_protected",
    IdempotencyConflict: "idempotency_conflict",
}
ERROR_CODES = tuple(dict.fromkeys((*CODES.values(), *CODES_BY_TYPE.values())))
"""Every `error_code`."""
_MESSAGES: Mapping[int, str] = {
    401: "a valid token is required: Authorization: Bearer vps_...",
    404: "not found",
    405: "method not allowed: the Allow header lists the methods of this path",
}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def answer_error(error: Exception) -> Response:
    """Return the response for an error of ours, of Flask or werkzeug, or for an unexpected exception."""
    if isinstance(error, ApplianceError):
        return _answer_ours(error)
    return _answer_http_error(error) if isinstance(error, HTTPException) else _answer_fault(error)


def error_response(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    field: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """Return an error as JSON; lone surrogates of an input are escaped."""
    document = {"detail": _clean(detail), "error_code": code or CODES[status], "field": field and _clean(field)}
    response = jsonify(document)
    response.status_code = status
    response.headers.extend(list(headers))
    return response


def kept_headers(error: HTTPException) -> list[tuple[str, str]]:
    """Return the headers that a response to an error of Flask or werkzeug has in every form, such as `Allow`."""
    return [(name, value) for name, value in error.get_headers() if name in _KEPT_HEADERS]


def _answer_ours(error: ApplianceError) -> Response:
    log_refusal(error)
    if isinstance(error, RateLimited):
        rate_headers.note_refusal(error)
    status, seconds = status_of(error), retry_after_of(error)
    if status is None:
        return _answer_fault(error)
    detail = _MESSAGES[401] if isinstance(error, AuthenticationFailed) else str(error)
    field = error.field if isinstance(error, InputError) else None
    headers = [("Retry-After", seconds)] if seconds else []
    return error_response(status, detail, code=CODES_BY_TYPE.get(type(error)), field=field, headers=headers)


def _answer_http_error(error: HTTPException) -> Response:
    """Return the response for an error of Flask or werkzeug: unknown path, wrong method, body too large."""
    status = error.code or 500
    if status not in CODES:
        status = 400 if status < 500 else 500
    kept = kept_headers(error)
    if status == 413:
        return error_response(status, f"the body is larger than {body_limit() // 1024} KiB", headers=kept)
    return error_response(status, _MESSAGES.get(status, error.description or error.name), headers=kept)


def _answer_fault(error: Exception) -> Response:
    """Return a response that names only the reference under which the exception is logged."""
    return error_response(500, f"internal error; the log has the cause under reference {log_fault(error)}")


def _clean(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
