"""Errors as answers: the one table from the error tree to HTTP, and the one shape of an error.

{"detail": what is wrong, for a person, "error_code": for a program, "field": JSON path of the input or null}
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from appliance.errors import ApplianceError, InputError, NotFound, NotPermitted, StoreError, ZoneProtected

log = logging.getLogger(__name__)

RETRY_AFTER = "5"
"""Seconds after which a call that the store refused may be tried again."""

STATUS: Mapping[type[ApplianceError], int] = {
    InputError: 400,
    NotPermitted: 403,
    NotFound: 404,
    ZoneProtected: 409,
    StoreError: 503,
}
"""The nearest kind above an error decides; a kind that has no row is a fault of ours: 500."""

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
    for kind in type(error).__mro__:
        if kind in STATUS:
            break
    else:
        return answer_fault(error)
    status = STATUS[kind]
    if status == STATUS[StoreError]:
        log.error("event=store-failed reason=%r", str(error))
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
    reference = secrets.token_hex(8)
    route = request.url_rule.rule if request.url_rule else None
    log.error("event=fault reference=%s method=%s route=%s", reference, request.method, route, exc_info=error)
    return error_answer(500, f"the appliance failed; its log tells why under the reference {reference}")


def _clean(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
