"""`/dns-zones/{zone}/dnssec/`: the DNSSEC of a zone. It is turned on and off by the field `dnssec` of the zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from dns.dnssectypes import Algorithm
from flask import Response
from flask.views import MethodView

from appliance.api import dnssec_schemas, response_headers
from appliance.api.auth import needs, principal, without_unread
from appliance.api.conditions import editor, etag_header
from appliance.api.idempotency import idempotent, remember_within
from appliance.api.parsing import Blueprint
from appliance.api.presentation import JSON, json_text
from appliance.api.zone_keys import PATH, zone_at, zone_uuid
from appliance.store import signing
from appliance.store.idempotency import StoredResponse
from appliance.web.context import context, reading
from appliance.zones.model import Zone
from appliance.zones.signing import (
    SHA_256,
    SHA_384,
    DsReport,
    Signing,
    SigningKey,
    state_of,
)
from appliance.zones.signing_outlook import ds_to_publish, in_use, is_at_parent, key_state, next_step, parent_agrees
from appliance.zones.signing_problems import problems_of

blueprint = Blueprint("dnssec", __name__, url_prefix="/api/v1/dns-zones", description="The DNSSEC of a zone.")

RESPONSES = {"404": "NOT_FOUND", "409": "CONFLICT"}


@blueprint.route("/<string:uuid>/dnssec/", parameters=[PATH])
class DnssecOfZone(MethodView):
    """The DNSSEC of one zone."""

    @needs("dns:list", "dns:read")
    @blueprint.doc(operationId="getDnssec", responses={"404": "NOT_FOUND"})
    @blueprint.response(200, dnssec_schemas.Dnssec, headers=response_headers.ETAG_HEADER)
    def get(self, uuid: str) -> tuple[JSON, response_headers.Headers]:
        """Show the state of a zone's DNSSEC, the DS records for its parent zone, its keys, and what comes next."""
        with reading():
            zone = zone_at(uuid)
            return dnssec_of(zone, signing.get(zone), context().nameservers, context().clock()), etag_header(zone)


@blueprint.route("/<string:uuid>/dnssec/confirm/", parameters=[PATH])
class ConfirmDs(MethodView):
    """The report of a user about a DS."""

    @needs("dns:update")
    @blueprint.doc(operationId="confirmDs", parameters=[response_headers.PREFER], responses=RESPONSES)
    @blueprint.arguments(dnssec_schemas.DsConfirmation, example={"ds": "published"})
    @blueprint.response(200, dnssec_schemas.Dnssec, headers=response_headers.DEPLOYMENT_HEADERS)
    @idempotent
    def post(self, body: dict[str, Any], uuid: str) -> Response:
        """Report that the parent zone has the DS of a key, or has it no longer; needed without a resolver only."""
        report, tag = DsReport(body["ds"]), body.get("key_tag")
        store = remember_within(_confirmed)
        return _response(editor().confirm_ds(principal(), zone_uuid(uuid), report, tag, store), _confirmed)


@blueprint.route("/<string:uuid>/dnssec/rollover/", parameters=[PATH])
class Rollover(MethodView):
    """A rollover of the keys of a zone."""

    @needs("dns:update")
    @blueprint.doc(operationId="rollKeys", parameters=[response_headers.PREFER], responses=RESPONSES)
    @blueprint.response(202, dnssec_schemas.Dnssec, headers=response_headers.DEPLOYMENT_HEADERS)
    @idempotent
    def post(self, uuid: str) -> Response:
        """Begin to replace the key of a secured zone; its DS is exchanged at the parent when `next` says so."""
        return _response(editor().roll_keys(principal(), zone_uuid(uuid), remember_within(_rolled)), _rolled)


def dnssec_of(zone: Zone, known: Signing | None, nameservers: list[str], now: datetime) -> JSON:
    """Return the DNSSEC of a zone as JSON; `known` is None if it was never signed."""
    found = in_use(known or Signing(is_wanted=zone.dnssec, is_signed=zone.signed, since=now))
    step, check = next_step(found, zone.name, now), found.parent
    return {
        "enabled": zone.dnssec,
        "state": state_of(found, zone.name, now).value,
        "since": known and known.since,
        "next": step and {"at": step.at, "what": step.what},
        "ds": list(_ds_of(zone, found, now)),
        "keys": [_key_of(key, found) for key in found.keys],
        "parent": check
        and {
            "name": check.name,
            "checked_at": check.last_at,
            "agrees": parent_agrees(found, zone.name),
            "problem": check.problem,
        },
        "signatures_expire_at": found.expires_at,
        "nameservers": [_nameserver_of(name, found) for name in nameservers],
        "problems": [problem.value for problem in problems_of(found, zone.name, now)],
    }


def _ds_of(zone: Zone, known: Signing, now: datetime) -> Iterator[JSON]:
    wanted = ds_to_publish(known, zone.name, now)
    for ds in (key.ds_of(zone.name, digest) for key in known.keys for digest in (SHA_256, SHA_384)):
        yield {
            "key_tag": ds.key_tag,
            "algorithm": ds.algorithm,
            "digest_type": ds.digest_type,
            "digest": ds.digest,
            "record": ds.line(zone.name),
            "publish": ds in wanted,
            "at_parent": is_at_parent(known, ds),
        }


def _key_of(key: SigningKey, known: Signing) -> JSON:
    return {
        "key_tag": key.tag,
        "flags": key.flags,
        "protocol": 3,
        "algorithm": key.algorithm,
        "algorithm_name": Algorithm.to_text(key.algorithm),
        "public_key": key.public_key,
        "dnskey": key.dnskey_text(),
        "role": "csk",
        "state": key_state(key, known).value,
        "created_at": key.created_at,
        "backed_up_at": key.backed_up_at,
    }


def _nameserver_of(name: str, known: Signing) -> JSON:
    served = known.served.get(name)
    return {
        "name": name,
        "serial": served and served.serial,
        "signed": bool(served and served.expires_at),
        "expires_at": served and served.expires_at,
    }


def _confirmed(zone: Zone) -> StoredResponse:
    return _after_write(zone, 200)


def _rolled(zone: Zone) -> StoredResponse:
    return _after_write(zone, 202)


def _after_write(zone: Zone, status: int) -> StoredResponse:
    """Return the response to a write, read from the store."""
    shown = dnssec_of(zone, signing.get(zone), context().nameservers, context().clock())
    headers = {"X-Zone-Serial": str(zone.serial)} | etag_header(zone)
    return StoredResponse(status, headers, json_text(without_unread(shown, {"state": shown["state"]})))


def _response(zone: Zone, render: Callable[[Zone], StoredResponse]) -> Response:
    headers = response_headers.after_write(zone).headers
    with reading():
        stored = render(zone)
    return Response(stored.body, stored.status, {**stored.headers, **headers}, mimetype="application/json")
