"""The two calls of httpreq. A challenge is added beside those that are there, and removed alone."""

from __future__ import annotations

from collections.abc import Callable

from dns.name import Name
from flask import Blueprint, Response, jsonify, request

from appliance.doors import txt_sets
from appliance.doors.door import Door
from appliance.doors.httpreq.challenge import read_challenge
from appliance.doors.principals import principal
from appliance.doors.seen import wait_until_seen
from appliance.editing import find_zone_of
from appliance.errors import AuthenticationFailed
from appliance.web import error_responses
from appliance.web.context import context, reading
from appliance.web.json_body import read_object, read_octets
from appliance.zones.names import parse_full_owner

PREFIX = "/httpreq"
WAIT = 20
"""Seconds until the response, at most; lego waits 30."""
blueprint = Blueprint("httpreq", __name__, url_prefix=PREFIX)


@blueprint.post("/present")
def present() -> Response:
    """Add the text of a challenge."""
    return _change(txt_sets.adding)


@blueprint.post("/cleanup")
def clean_up() -> Response:
    """Remove the text of a challenge."""
    return _change(txt_sets.removing)


def answer_error(error: Exception) -> Response:
    """Return an error in the form of the API; without a valid token, ask for Basic."""
    response = error_responses.answer_error(error)
    if isinstance(error, AuthenticationFailed):
        response.headers["WWW-Authenticate"] = "Basic"
    return response


DOOR = Door("httpreq", "httpreq", (PREFIX,), blueprint, answer_error)


def _change(change: Callable[[Name, str], txt_sets.Change]) -> Response:
    challenge = read_challenge(read_object(read_octets(request)))
    owner = parse_full_owner(challenge.fqdn, "fqdn")
    with reading():
        zone = find_zone_of(owner, principal().scope)
    diff = context().editor.change_many(principal(), zone.uuid, change(owner, challenge.text))
    wait_until_seen([diff.after], WAIT)
    return jsonify({})
