"""Responses of the PowerDNS API: JSON with sorted keys, errors as {"error": text}, and exact reason phrases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Response
from werkzeug.exceptions import HTTPException

from appliance.errors import (
    ApplianceError,
    AuthenticationFailed,
    Busy,
    Conflict,
    NotFound,
    NotPermitted,
    RateLimited,
    StoreError,
)
from appliance.web.error_responses import kept_headers
from appliance.web.error_status import log_fault, retry_after_of, status_of
from appliance.web.refusal_log import log_refusal

_STATUS: Mapping[type[ApplianceError], int] = {
    AuthenticationFailed: 401,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    RateLimited: 429,
    Busy: 503,
    StoreError: 503,
}
"""The nearest base class decides; any other error that a client can correct is 422."""
_TEXTS = {401: "Unauthorized", 404: "Not Found", 409: "Conflict"}
"""Errors whose text clients compare."""
_UNPROCESSABLE = 422


def json_response(document: object, status: int = 200) -> Response:
    """Return a document as JSON with sorted keys: a client reads them by their order."""
    return Response(json.dumps(document, sort_keys=True), status=status, mimetype="application/json")


def no_content() -> Response:
    """Return a 204."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def not_implemented() -> Response:
    """Return the response to a call that is not implemented."""
    return _error(501, "Not Implemented")


def with_reason(response: Response) -> Response:
    """Return the response with the usual reason phrase: a client takes `404 NOT FOUND` for a failure."""
    if response.status_code != _UNPROCESSABLE:
        response.status = f"{response.status_code} {HTTPStatus(response.status_code).phrase}"
    else:
        response.status = "422 Unprocessable Entity"
    return response


def answer_error(error: Exception) -> Response:
    """Return the response for an error of ours, of Flask or werkzeug, or for an unexpected exception."""
    if isinstance(error, HTTPException):
        return _error(error.code or 500, error.name, dict(kept_headers(error)))
    status = _status_of(error) if isinstance(error, ApplianceError) else None
    if status is None:
        return _error(500, f"internal error; the log has the cause under reference {log_fault(error)}")
    seconds = retry_after_of(error)
    response = _error(status, _TEXTS.get(status, str(error)), {"Retry-After": seconds} if seconds else {})
    if isinstance(error, AuthenticationFailed):
        response.headers["WWW-Authenticate"] = 'X-API-Key realm="PowerDNS"'
    return response


def _status_of(error: ApplianceError) -> int | None:
    log_refusal(error)
    if status_of(error) is None:
        return None
    return next((_STATUS[base] for base in type(error).__mro__ if base in _STATUS), _UNPROCESSABLE)


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    shown = text.encode(errors="backslashreplace").decode()
    response = json_response({"error": shown}, status)
    response.headers.update(headers or {})
    return with_reason(response)
