"""Errors as answers: the one shape of an error, and the word that programs know each by.

{"detail": what is wrong, for a person, "error_code": for a program, "field": JSON path of the input or null}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from appliance.errors import ApplianceError, InputError, StoreError, ZoneProtected
from appliance.web.refusals import RETRY_AFTER, STATUS, reference_of, status_of

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
_CODES_OF_KINDS: Mapping[type[ApplianceError], str] = {ZoneProtected: "zone_protected"}
_TEXTS: Mapping[int, str] = {
    401: "a valid token is needed: Authorization: Bearer vps_...",
    404: "there is nothing at this address",
    405: "this address does not take that method",
    413: "the body is larger than this call takes",
    415: "the body must be JSON: Content-Type: application/json",
}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def register(app: Flask) -> None:
    """Answer every error of the application in the one shape."""
    app.register_error_handler(ApplianceError, answer_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_fault)


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


def answer_error(error: ApplianceError) -> Response:
    """The answer to what the appliance itself refuses."""
    status = status_of(error)
    if status is None:
        return answer_fault(error)
    field = error.field if isinstance(error, InputError) else None
    headers = [("Retry-After", RETRY_AFTER)] if status == STATUS[StoreError] else []
    return error_answer(status, str(error), code=_CODES_OF_KINDS.get(type(error)), field=field, headers=headers)


def answer_http_error(error: HTTPException) -> Response:
    """The answer to what Flask or werkzeug refuses: an unknown address, a wrong method, too large a body."""
    status = error.code or 500
    if status not in CODES:
        status = 400 if status < 500 else 500
    kept = [(name, value) for name, value in error.get_headers() if name in _KEPT_HEADERS]
    return error_answer(status, _TEXTS.get(status, error.description or error.name), headers=kept)


def answer_fault(error: Exception) -> Response:
    """The answer to a fault of ours: a reference under which the log tells more, and nothing else."""
    return error_answer(500, f"the appliance failed; its log tells why under the reference {reference_of(error)}")


def _clean(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
