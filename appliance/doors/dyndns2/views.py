"""The call of dyndns2: `/nic/update`, which answers one word for each host."""

from __future__ import annotations

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from appliance.doors import principals
from appliance.doors.door import Door
from appliance.doors.dyndns2.address_update import MAX_HOSTS, Word, read_hosts, read_update
from appliance.doors.dyndns2.credential import may_be_in_query
from appliance.doors.dyndns2.host_updates import HostUpdates
from appliance.doors.seen import wait_until_seen
from appliance.errors import ApplianceError, AuthenticationFailed, InvalidValue, RateLimited
from appliance.web.bearer import client_address
from appliance.web.context import context
from appliance.web.error_responses import kept_headers
from appliance.web.error_status import log_fault, retry_after_of, status_of
from appliance.web.refusal_log import log_refusal

PATH = "/nic/update"
METHODS = ("GET", "POST")
WAIT = 4
"""Seconds until the response, at most."""
blueprint = Blueprint("dyndns2", __name__)


@blueprint.route(PATH, methods=METHODS)
def update() -> Response:
    """Set the addresses of hosts; return a line for each. HEAD, which Flask routes with GET, changes nothing."""
    if request.method not in METHODS:
        raise MethodNotAllowed(METHODS)
    if g.get("secret_in_query") and not may_be_in_query(principals.principal()):
        raise AuthenticationFailed("a token in the query string must be limited to A and AAAA records and to names")
    parameters = dict(request.values.lists())
    hosts = read_hosts(",".join(parameters.get("hostname", ())))
    if not hosts:
        return _answer(Word.NOT_FULL_NAME)
    if len(hosts) > MAX_HOSTS:
        return _answer(Word.TOO_MANY_HOSTS)
    try:
        requested = read_update(parameters, client_address())
    except InvalidValue:
        return _answer("\n".join([Word.DNS_ERROR] * len(hosts)))
    updates = HostUpdates(context().editor, principals.principal(), requested)
    updates.apply()
    wait_until_seen(updates.changed, WAIT)
    return _answer("\n".join(updates.lines()))


def read_secret() -> str:
    """Return the secret of the request: from its header, else the parameter `password`, as FRITZ!Box sends it."""
    secret = principals.read_secret()
    if not secret and "Authorization" not in request.headers:
        secret = request.values.get("password", "")
        g.secret_in_query = bool(secret)
    return secret


def answer_error(error: Exception) -> Response:
    """Return an error as a word of the protocol."""
    if isinstance(error, ApplianceError):
        log_refusal(error)
    if isinstance(error, AuthenticationFailed):
        return _answer(Word.BAD_CREDENTIAL, 401, {"WWW-Authenticate": "Basic"})
    seconds = retry_after_of(error)
    headers = {"Retry-After": seconds} if seconds else {}
    if isinstance(error, RateLimited):
        return _answer(Word.TOO_MANY_CALLS, 429, headers)
    if isinstance(error, HTTPException) and error.code:
        return _answer(error.name, error.code, dict(kept_headers(error)))
    if not isinstance(error, ApplianceError) or status_of(error) is None:
        log_fault(error)
    return _answer(Word.UNAVAILABLE, 503, headers)


DOOR = Door("dyndns2", "dyndns2", ("/nic",), blueprint, answer_error, read_secret=read_secret)


def _answer(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(text, status, headers, content_type="text/plain")
