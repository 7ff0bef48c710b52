"""The calls of acme-dns: update the challenges of an account, register an account, health."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from appliance.doors import principals, txt_sets
from appliance.doors.acme_dns.update_body import is_challenge, read_networks
from appliance.doors.door import Door
from appliance.doors.seen import wait_until_seen
from appliance.editing import find_zone_of
from appliance.errors import ApplianceError, AuthenticationFailed, InputError
from appliance.identity.acme_dns import AcmeDnsAccount, account_of, create_account, zone_for_registration
from appliance.principal import TokenLimits
from appliance.web.bearer import client_address
from appliance.web.context import context, count_new_token, reading
from appliance.web.error_responses import kept_headers
from appliance.web.error_status import log_fault, retry_after_of, status_of
from appliance.web.json_body import read_object, read_octets
from appliance.web.refusal_log import log_refusal
from appliance.zones.model import Record

PREFIX = "/acme-dns"
HEALTH = f"{PREFIX}/health"
WAIT = 20
"""Seconds until the response, at most; lego waits 30."""
MAX_TEXTS = 2
"""Challenges that an account keeps, the newest: an order may be of a domain and its wildcard, which share a name."""
blueprint = Blueprint("acme-dns", __name__, url_prefix=PREFIX)


@blueprint.post("/update")
def update() -> Response:
    """Add the text of a challenge, and remove the oldest of more than two."""
    octets = read_octets(request)
    try:
        body = read_object(octets)
    except InputError:
        body = {}  # has no subdomain, and so belongs to no account
    account = _account(body.get("subdomain"))
    text = body.get("txt")
    if not is_challenge(text):
        return _refuse(400, "bad_txt")
    with reading():
        zone = find_zone_of(account.owner, principals.principal().scope)
    change = txt_sets.keeping_newest(account.owner, str(text), MAX_TEXTS, _is_counted, context().clock())
    diff = context().editor.change_many(principals.principal(), zone.uuid, change)
    wait_until_seen([diff.after], WAIT)
    return jsonify({"txt": text})


@blueprint.post("/register")
def register() -> Response:
    """Create an account with a random label in the zone of the token."""
    octets = read_octets(request)
    try:
        networks = read_networks(read_object(octets) if octets.strip() not in (b"", b"null") else {})
    except InputError as error:
        return _refuse(400, "invalid_allowfrom_cidr" if error.field == "allowfrom" else "malformed_json_payload")
    with reading():
        zone = zone_for_registration(principals.principal())
    limits = TokenLimits(networks=networks or None)
    count_new_token(principals.principal())
    created = create_account(context().store, principals.principal(), zone, context().clock(), within=limits)
    return _answer(201, created.document)


@blueprint.get("/health")
def show_health() -> Response:
    """Return 200: the process is up."""
    return Response(status=200)


def answer_error(error: Exception) -> Response:
    """Return an error in the form of acme-dns."""
    if isinstance(error, HTTPException):
        return _refuse(error.code or 500, error.name.lower().replace(" ", "_"), dict(kept_headers(error)))
    status = status_of(error) if isinstance(error, ApplianceError) else None
    if status is None or not isinstance(error, ApplianceError):
        return _refuse(500, f"internal error {log_fault(error)}")
    log_refusal(error)
    if isinstance(error, AuthenticationFailed):
        return _refuse(401, "forbidden")
    seconds = retry_after_of(error)
    return _refuse(status, str(error), {"Retry-After": seconds} if seconds else {})


DOOR = Door(
    "acme_dns", "acme-dns", (PREFIX,), blueprint, answer_error, read_secret=principals.read_key, open_paths=(HEALTH,)
)


def _account(subdomain: object) -> AcmeDnsAccount:
    """Return the account of this request; raise AuthenticationFailed unless user, key and subdomain belong together."""
    with reading():
        account = account_of(principals.principal())
    named = [request.headers.get("X-Api-User"), subdomain]
    if account is None or named != 2 * [str(account.token.uuid)]:
        context().limits.count_failure(client_address())
        raise AuthenticationFailed("user, key and subdomain must be those of one account")
    return account


def _is_counted(record: Record) -> bool:
    length, text = record.wire[0], record.wire[1:]
    return length == len(text) and is_challenge(text.decode("latin-1"))


def _refuse(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response:
    return _answer(status, {"error": reason}, headers)


def _answer(status: int, document: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    response = jsonify(document)
    response.status_code = status
    response.headers.update(headers or {})
    return response
