"""Errors as JSON, the form of every path that no other front door claims, and the word that programs know each by.

{"detail": what is wrong, for a person, "error_code": for a program, "field": JSON path of the input or null}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException

from appliance.errors import ApplianceError, AuthenticationFailed, InputError, ZoneProtected
from appliance.web.error_status import reference_of, retry_after_of, status_of

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
CODES_OF_KINDS: Mapping[type[ApplianceError], str] = {ZoneProtected: "zone_protected"}
_TEXTS: Mapping[int, str] = {
    401: "a valid token is needed: Authorization: Bearer vps_...",
    404: "there is nothing at this address",
    405: "this address does not take that method",
    413: "the body is larger than this call takes",
    415: "the body must be JSON: Content-Type: application/json",
}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def answer_error(error: Exception) -> Response:
    """Return any error as a response: one of ours, one of Flask or werkzeug, or a fault."""
    if isinstance(error, ApplianceError):
        return _answer_ours(error)
    return _answer_http_error(error) if isinstance(error, HTTPException) else _answer_fault(error)


def error_answer(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    field: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """An error in the one shape; lone surrogates of an input are shown escaped."""
    document = {"detail": _clean(detail), "error_code": code or CODES[status], "field": field and _clean(field)}
    answer = jsonify(document)
    answer.status_code = status
    answer.headers.extend(list(headers))
    return answer


def _answer_ours(error: ApplianceError) -> Response:
    status, seconds = status_of(error), retry_after_of(error)
    if status is None:
        return _answer_fault(error)
    detail = _TEXTS[401] if isinstance(error, AuthenticationFailed) else str(error)
    field = error.field if isinstance(error, InputError) else None
    headers = [("Retry-After", seconds)] if seconds else []
    return error_answer(status, detail, code=CODES_OF_KINDS.get(type(error)), field=field, headers=headers)


def _answer_http_error(error: HTTPException) -> Response:
    """Return what Flask or werkzeug refuses: an unknown address, a wrong method, too large a body."""
    status = error.code or 500
    if status not in CODES:
        status = 400 if status < 500 else 500
    kept = [(name, value) for name, value in error.get_headers() if name in _KEPT_HEADERS]
    return error_answer(status, _TEXTS.get(status, error.description or error.name), headers=kept)


def _answer_fault(error: Exception) -> Response:
    """Return a fault of ours: a reference to the log, and nothing else."""
    return error_answer(500, f"the appliance failed; its log tells why under the reference {reference_of(error)}")


def _clean(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
