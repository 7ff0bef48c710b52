"""The headers of responses to writes and lists: serial, deployment, location, page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from flask import Response, request, url_for

from appliance.store.zones import Page
from appliance.web.context import context
from appliance.web.deployment_wait import preferred_wait
from appliance.web.paging import last_page, page_query
from appliance.zones.deployment import Deployment
from appliance.zones.model import Zone

Headers = dict[str, str]

PREFER = "PREFER"
"""The name of the parameter in the OpenAPI document."""
PREFER_PARAMETER = {
    "name": "Prefer",
    "description": "`wait=N`: respond when every nameserver serves the change, at most N seconds later (1 to 60).",
    "schema": {"type": "string"},
    "example": "wait=10",
}
IF_MATCH = "IF_MATCH"
IF_MATCH_PARAMETER = {
    "name": "If-Match",
    "description": "An ETag: respond with 412, and change nothing, if the zone or record has changed since.",
    "schema": {"type": "string"},
    "example": '"6e7fc837-4"',
}
IF_NONE_MATCH = "IF_NONE_MATCH"
IF_NONE_MATCH_PARAMETER = {
    "name": "If-None-Match",
    "description": "An ETag: respond with 304, and no body, if the zone or record has not changed since.",
    "schema": {"type": "string"},
    "example": '"6e7fc837-4"',
}
IDEMPOTENCY_KEY = "IDEMPOTENCY_KEY"
IDEMPOTENCY_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "description": "A text of the client's choice: for 24 hours the same request gets the first response again.",
    "schema": {"type": "string", "maxLength": 255},
    "example": "9f1c6a3e-2b8d-4f57-a1c0-7f5e0d1b2c3d",
}
PARAMETERS = {
    PREFER: PREFER_PARAMETER,
    IF_MATCH: IF_MATCH_PARAMETER,
    IF_NONE_MATCH: IF_NONE_MATCH_PARAMETER,
    IDEMPOTENCY_KEY: IDEMPOTENCY_KEY_PARAMETER,
}
ETAG_HEADER = {"ETag": {"description": "The version of the zone or record.", "schema": {"type": "string"}}}
SERIAL_HEADER = {"X-Zone-Serial": {"description": "The zone's serial after the write.", "schema": {"type": "integer"}}}
DEPLOYMENT_HEADERS = {
    **SERIAL_HEADER,
    **ETAG_HEADER,
    "Preference-Applied": {
        "description": "`wait=N`, if the response was delayed for it.",
        "schema": {"type": "string"},
    },
    "X-Deployment": {
        "description": "With `Prefer: wait=N`: the state of the deployment.",
        "schema": {"type": "string", "enum": ["live", "pending", "failed"]},
    },
}
WARNINGS = "X-DNS-Warnings"
WARNED_HEADERS = {
    **DEPLOYMENT_HEADERS,
    WARNINGS: {
        "description": "Number of warnings of what was written: at and near the name of a record, or of a whole zone.",
        "schema": {"type": "integer"},
    },
}
LOCATION_HEADER = {"Location": {"description": "The path of the created object.", "schema": {"type": "string"}}}
RETRY_HEADER = {
    "Retry-After": {
        "description": "Seconds after which the request may be repeated.",
        "schema": {"type": "integer"},
    }
}
RATE_HEADERS = {
    "RateLimit-Policy": {
        "description": "The name of the limit, and its requests (`q`) in so many seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"token";q=500;w=1',
    },
    "RateLimit": {
        "description": "How many requests are left (`r`), and the seconds until there are more (`t`).",
        "schema": {"type": "string"},
        "example": '"token";r=0;t=1',
    },
}
PAGE_HEADERS = {
    "X-Total-Count": {"description": "The number of items on all pages.", "schema": {"type": "integer"}},
    "Link": {"description": "Links to other pages (RFC 8288): first, prev, next, last.", "schema": {"type": "string"}},
}


@dataclass(frozen=True, slots=True)
class WriteResult:
    """A committed write: its headers, and its deployment after a wait, or None without a wait."""

    headers: Headers
    deployment: Deployment | None = None


def after_write(zone: Zone, *, with_above: bool = False) -> WriteResult:
    """Return the result of a write that left the zone in this state; wait for the deployment if the request asks to.

    `with_above`: also wait for the zone above, which delegates a created zone, or no longer a deleted one.
    """
    headers = {"X-Zone-Serial": str(zone.serial)}
    seconds = preferred_wait(request.headers.get("Prefer", ""))
    if seconds is not None:
        deployment_wait = context().deployment_wait
        with deployment_wait.slot(zone.account) as is_free:
            if is_free:
                deployment, state = deployment_wait.until_settled(zone, seconds, with_above=with_above)
                headers |= {"Preference-Applied": f"wait={seconds}", "X-Deployment": state.value}
                return WriteResult(headers, deployment)
    return WriteResult(headers)


def no_content_after_write(zone: Zone, *, with_above: bool = False) -> Response:
    """Return a 204 with the headers of a write, as `after_write`."""
    return no_content(after_write(zone, with_above=with_above).headers)


def no_content(headers: Headers | None = None) -> Response:
    """Return a 204."""
    response = Response(status=204, headers=headers)
    del response.headers["Content-Type"]
    return response


def page_headers(page: Page, total: int) -> Headers:
    """Return the total number and the links to the neighbouring pages."""
    last = last_page(total, page.size)
    numbers = {"first": 1, "prev": page.number - 1, "next": page.number + 1, "last": last}
    pages = {relation: min(number, last) for relation, number in numbers.items() if number >= 1}
    if page.number >= last:
        del pages["next"]
    path = quote(request.path, safe="/=")  # it may have a domain with U-labels, and headers are ASCII
    links = [f'<{path}{page_query(number)}>; rel="{relation}"' for relation, number in pages.items()]
    return total_header(total) | {"Link": ", ".join(links)}


def total_header(total: int) -> Headers:
    """Return the header with the total number."""
    return {"X-Total-Count": str(total)}


def path_of(endpoint: str, uuid: UUID) -> str:
    """Return the path at which `endpoint` shows the object of that uuid."""
    return url_for(endpoint, uuid=str(uuid))
