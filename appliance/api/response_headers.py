"""What every write and every list says besides its body: the headers of serial, deployment and page."""

from __future__ import annotations

from dataclasses import dataclass
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
"""The name of the parameter below in the document."""
PREFER_PARAMETER = {
    "name": "Prefer",
    "description": "`wait=N`: answer when every nameserver serves the change, or after N seconds (1 to 60).",
    "schema": {"type": "string"},
    "example": "wait=10",
}
SERIAL_HEADER = {"X-Zone-Serial": {"description": "The zone's serial after the write.", "schema": {"type": "integer"}}}
DEPLOYMENT_HEADERS = {
    **SERIAL_HEADER,
    "Preference-Applied": {"description": "`wait=N` when the answer was held back.", "schema": {"type": "string"}},
    "X-Deployment": {
        "description": "With `Prefer: wait=N`: what is served.",
        "schema": {"type": "string", "enum": ["live", "pending", "failed"]},
    },
}
LOCATION_HEADER = {"Location": {"description": "The path of what was created.", "schema": {"type": "string"}}}
RETRY_HEADER = {
    "Retry-After": {
        "description": "Whole seconds until it may be tried again.",
        "schema": {"type": "integer"},
    }
}
PAGE_HEADERS = {
    "X-Total-Count": {"description": "How many there are on all pages.", "schema": {"type": "integer"}},
    "Link": {"description": "RFC 8288: first, prev, next, last.", "schema": {"type": "string"}},
}


@dataclass(frozen=True, slots=True)
class WriteResult:
    """A committed write: the headers that tell of it, and where it had come to after a wait, None without one."""

    headers: Headers
    deployment: Deployment | None = None


def written(zone: Zone) -> WriteResult:
    """What there is to say of a write that left the zone in this state; waits when the request asks for it."""
    headers = {"X-Zone-Serial": str(zone.serial)}
    seconds = preferred_wait(request.headers.get("Prefer", ""))
    if seconds is not None:
        watch = context().watch
        with watch.seat() as taken:
            if taken:
                deployment, state = watch.settled(zone, seconds)
                headers |= {"Preference-Applied": f"wait={seconds}", "X-Deployment": state.value}
                return WriteResult(headers, deployment)
    return WriteResult(headers)


def gone(zone: Zone) -> Response:
    """204 after the deletion of a zone, or of something in it."""
    answer = nothing()
    answer.headers.update(written(zone).headers)
    return answer


def nothing() -> Response:
    """204."""
    answer = Response(status=204)
    del answer.headers["Content-Type"]
    return answer


def page_headers(page: Page, total: int) -> Headers:
    """How many there are in all, and the paths of the neighbouring pages."""
    last = last_page(total, page.size)
    numbers = {"first": 1, "prev": page.number - 1, "next": page.number + 1, "last": last}
    there = {relation: min(number, last) for relation, number in numbers.items() if number >= 1}
    if page.number >= last:
        del there["next"]
    links = [f'<{request.path}{page_query(number)}>; rel="{relation}"' for relation, number in there.items()]
    return total_header(total) | {"Link": ", ".join(links)}


def total_header(total: int) -> Headers:
    """How many there are in all."""
    return {"X-Total-Count": str(total)}


def path_of(endpoint: str, uuid: UUID) -> str:
    """The path of the call that shows what has that uuid."""
    return url_for(endpoint, uuid=str(uuid))
