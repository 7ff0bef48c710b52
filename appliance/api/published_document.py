"""What the OpenAPI document says beyond the schemas: open responses, and an example for each status of an error.

Requests are strict, as the API is. Responses are open: a client must accept fields that a later release adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from appliance.api import response_headers
from appliance.web.error_responses import CODES

Document = dict[str, Any]

_DETAILS: Mapping[int, tuple[str, str | None]] = {
    400: ("MX records require a priority value", "priority"),
    401: ("a valid token is required: Authorization: Bearer vps_...", None),
    403: ("this token lacks the permission dns:update", None),
    404: ("there is no such zone", None),
    405: ("method not allowed: the Allow header lists the methods of this path", None),
    409: ("example.com is protected: remove the protection before deleting it", None),
    412: ('it has changed since it was read, and its ETag is now "6e7fc837-5": read it again', None),
    413: ("the body is larger than 256 KiB", None),
    415: ("send the body with the header Content-Type: application/json", None),
    428: ("this file would remove 45 of the 50 records: repeat the request with confirm=true", None),
    429: ("too many requests with this token: try again in 1 s", None),
    500: ("internal error; the log has the cause under reference 4be1b2a90d5c6f73", None),
    503: ("database store.sqlite3 cannot be used: database or disk is full", None),
}
"""By status: `detail` and `field` of its example."""
_OWN_CODES = {409: "zone_protected"}


def complete(document: Document) -> Document:
    """Return the document with open responses and with headers and examples of errors."""
    schemas, responses = document["components"]["schemas"], document["components"]["responses"]
    for name in _referred(list(_responses(document)), schemas):
        schemas[name].pop("additionalProperties", None)
    for name, response in responses.items():
        if name == "NOT_MODIFIED":
            response["headers"] = dict(response_headers.ETAG_HEADER)
            response.pop("content", None)
        else:
            response["content"]["application/json"]["example"] = _example(_status(name))
    for name in ("TOO_MANY_REQUESTS", "SERVICE_UNAVAILABLE"):
        responses[name]["headers"] = dict(response_headers.RETRY_HEADER)
    responses["TOO_MANY_REQUESTS"]["headers"] |= response_headers.RATE_HEADERS
    return document


def _responses(document: Document) -> Iterator[Any]:
    yield document["components"]["responses"]
    for methods in document["paths"].values():
        yield from (operation["responses"] for name, operation in methods.items() if name != "parameters")


def _referred(within: Any, schemas: Document) -> set[str]:  # noqa: ANN401 - any part of the document
    """Return the names of the schemas to which a part of the document refers, directly or through others."""
    found: set[str] = set()
    parts = [within]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in schemas and name not in found:
                found.add(name)
                parts.append(schemas[name])
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
    return found


def _status(name: str) -> int:
    """Return the status of a response of that name; the one of no status is that of an internal error."""
    return HTTPStatus[name] if name in HTTPStatus.__members__ else HTTPStatus.INTERNAL_SERVER_ERROR


def _example(status: int) -> dict[str, str | None]:
    detail, field = _DETAILS[status]
    return {"detail": detail, "error_code": _OWN_CODES.get(status, CODES[status]), "field": field}
