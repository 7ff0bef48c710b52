"""The calls of the webhook. Every response has exactly the media type that external-dns accepts, or it stops."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, request

from appliance.doors.door import Door
from appliance.doors.external_dns.endpoint_changes import apply_changes, by_zone, read_changes
from appliance.doors.external_dns.endpoint_text import TYPES, DnsEndpoint, adjust, endpoint_of, read_endpoint
from appliance.doors.principals import principal
from appliance.doors.seen import wait_until_seen
from appliance.errors import ApplianceError, AuthenticationFailed, Conflict, InputError, NotFound
from appliance.principal import Scope
from appliance.store import records, zones
from appliance.web import error_responses
from appliance.web.context import context, reading
from appliance.web.front_doors import MAX_BODY
from appliance.web.json_body import read_json, read_object, read_octets
from appliance.zones.model import Zone, group_rrsets
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

PREFIX = "/external-dns"
WAIT = 8
"""Seconds until the response, at most; external-dns waits 15 in all."""
MEDIA_TYPE = "application/external.dns.webhook+json;version=1"
LARGE_BODY = 32 * 1024 * 1024
"""Octets of a body with endpoints."""
_PAGE = 1000
blueprint = Blueprint("external-dns", __name__, url_prefix=PREFIX)


@blueprint.get("/")
def negotiate() -> Response:
    """Return the domains of the token; external-dns manages no others."""
    principal().require("dns:list")
    with reading():
        return _answer(_print({"include": [print_domain(zone.name) for zone in _zones(principal().scope)]}))


@blueprint.get("/records")
def show_records() -> Response:
    """Return all endpoints of the zones of the token."""
    principal().require("dns:list")
    with reading():
        return _answer_list(endpoint for zone in _zones(principal().scope) for endpoint in _endpoints(zone))


@blueprint.post("/adjustendpoints")
def adjust_endpoints() -> Response:
    """Return these endpoints as `records` will show them."""
    given = read_json(read_octets(request))
    if not isinstance(given, list | None):
        raise InputError("the body must be a list of endpoints")
    return _answer_list(adjust(read_endpoint(document, str(index))) for index, document in enumerate(given or ()))


@blueprint.post("/records")
def change_records() -> Response:
    """Set and remove endpoints."""
    wanted, removed = read_changes(read_object(read_octets(request)))
    with reading():
        changes = by_zone(principal(), wanted, removed)
    wait_until_seen(apply_changes(context().editor, principal(), changes), WAIT)
    return Response(status=204, content_type=MEDIA_TYPE)


def answer_error(error: Exception) -> Response:
    """Return an error in the form of the API, with the media type of the webhook."""
    if isinstance(error, InputError | NotFound | Conflict):
        _log_reason(error)
    response = error_responses.answer_error(error)
    response.headers["Content-Type"] = MEDIA_TYPE
    if isinstance(error, AuthenticationFailed):
        response.headers["WWW-Authenticate"] = "Basic"
    return response


def max_body(method: str, path: str) -> int:  # noqa: ARG001 - as every door has it
    """Return the octets that the body of a call may have."""
    return LARGE_BODY if method == "POST" else MAX_BODY


DOOR = Door("external_dns", "external-dns", (PREFIX,), blueprint, answer_error, body_limit=max_body)


def _log_reason(error: ApplianceError) -> None:
    """Log why endpoints are refused: external-dns itself logs nothing but the status."""
    event = "event=endpoints-refused"
    if not context().limits.log_lines.take(event):
        log.warning("%s account=%s reason=%r", event, principal().account.email, str(error))


def _zones(scope: Scope) -> Iterator[Zone]:
    number = 1
    while found := zones.find(scope, zones.Page(number, _PAGE))[0]:
        yield from found
        number += 1


def _endpoints(zone: Zone) -> Iterator[DnsEndpoint]:
    for owner, node in group_rrsets(records.iterate(zone)).items():
        for rdtype, rrset in node.items():
            if rdtype.name in TYPES and not (rdtype.name == "NS" and owner == zone.name):
                yield endpoint_of(rrset)


def _answer_list(endpoints: Iterable[DnsEndpoint]) -> Response:
    """Answer a list of whatever length, printed one by one: printing all at once would hold up other threads."""
    return _answer(f"[{','.join(_print(endpoint.document) for endpoint in endpoints)}]")


def _print(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _answer(text: str) -> Response:
    headers = {"Vary": "Content-Type"}  # which the first releases of external-dns with a webhook require
    return Response(text.encode(errors="backslashreplace"), headers=headers, content_type=MEDIA_TYPE)
