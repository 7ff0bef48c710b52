"""`/dns-zones/{uuid}/changes/`: many changes of one zone at once, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response
from flask.views import MethodView

from appliance.api import change_schemas, response_headers
from appliance.api.auth import needs, principal
from appliance.api.conditions import editor, etag_header
from appliance.api.idempotency import idempotent, remember, remember_within
from appliance.api.parsing import Blueprint, uuid_or_not_found
from appliance.api.presentation import (
    JSON,
    READ_ONLY_OF_RECORDS,
    check_read_only,
    diff_of,
    dump_record,
    json_text,
)
from appliance.api.zone_keys import PATH, zone_uuid
from appliance.api.zones import record_input
from appliance.editing import (
    CreateRecord,
    DeleteRecord,
    Diff,
    RecordRequest,
    ReplaceRRset,
    UpdateRecord,
    ValueInput,
)
from appliance.store.idempotency import StoredResponse
from appliance.zones.model import Record, Zone

blueprint = Blueprint(
    "changes", __name__, url_prefix="/api/v1/dns-zones", description="Many changes of one zone at once."
)
EXAMPLE = {
    "changes": [
        {"action": "replace", "name": "@", "record_type": "A", "ttl": 300, "values": ["192.0.2.1", "192.0.2.2"]},
        {"action": "create", "name": "www", "record_type": "CNAME", "value": "example.com"},
    ],
    "comment": "move the website",
}


@blueprint.route("/<string:uuid>/changes/", parameters=[PATH])
class ChangesOfZone(MethodView):
    """Changes of one zone."""

    @needs("dns:create", "dns:update", "dns:delete")
    @blueprint.doc(operationId="changeRecords", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.arguments(change_schemas.DryRun, location="query")
    @blueprint.arguments(change_schemas.Changes, example=EXAMPLE)
    @blueprint.response(200, change_schemas.Diff, headers=response_headers.DEPLOYMENT_HEADERS)
    @idempotent
    def post(self, query: dict[str, bool], body: dict[str, Any], uuid: str) -> Response:
        """Create, update, delete and replace records of a zone: all changes or none, in order, under one serial."""
        requests = [_request(change) for change in body["changes"]]
        seconds = body.get("confirm_within")
        diff = editor().change_many(
            principal(),
            zone_uuid(uuid),
            requests,
            body.get("comment", ""),
            dry_run=query["dry_run"],
            prepare=remember(first_response),
            confirm_within=timedelta(seconds=seconds) if seconds else None,
        )
        return response_to(diff)


def response_to(diff: Diff, *, is_sent: bool = True) -> Response:
    """Return the response to a write that answers with its diff; `is_sent`: the client sent the added records."""
    first = first_response(diff, is_sent=is_sent)
    headers = response_headers.after_write(diff.after).headers if diff.applied else {}
    return Response(first.body, headers={**first.headers, **headers}, mimetype="application/json")


def first_response(diff: Diff, *, is_sent: bool = True) -> StoredResponse:
    """Return that response as it is stored with an Idempotency-Key."""
    zone = diff.after
    headers = etag_header(zone) | {"X-Zone-Serial": str(zone.serial)} if diff.applied else {}
    return StoredResponse(200, headers, json_text(readable_diff(diff, is_sent=is_sent)))


@blueprint.route("/<string:uuid>/changes/<string:change_id>/confirm/", parameters=[PATH])
class Confirmation(MethodView):
    """The confirmation of a change."""

    @needs("dns:create", "dns:update", "dns:delete")
    @blueprint.doc(
        operationId="confirmChange",
        parameters=[response_headers.IF_MATCH, response_headers.IDEMPOTENCY_KEY],
        responses={"404": "NOT_FOUND", "409": "CONFLICT", "412": "PRECONDITION_FAILED"},
    )
    @blueprint.response(204, headers=response_headers.SERIAL_HEADER)
    @idempotent
    def post(self, uuid: str, change_id: str) -> Response:
        """Confirm a change with `confirm_within`, so that it is not reverted."""
        change = uuid_or_not_found("change", change_id)
        zone = editor().confirm_change(principal(), zone_uuid(uuid), change, remember_within(_confirmed))
        return response_headers.no_content(dict(_confirmed(zone).headers))


def _confirmed(zone: Zone) -> StoredResponse:
    return StoredResponse(204, {"X-Zone-Serial": str(zone.serial)}, "")


def readable_diff(diff: Diff, *, is_sent: bool = True) -> JSON:
    """Return the diff; without permission to read, with the uuids alone of records that the client has not sent.

    Then warnings and impact are left out too: they show other records of the zone.
    """
    shown = diff_of(diff)
    if principal().may("dns:list", "dns:read"):
        return shown
    changed = [{side: _uuid_of(record) for side, record in one.items()} for one in shown["changed"]]
    return {
        **shown,
        "added": shown["added"] if is_sent else list(map(_uuid_of, shown["added"])),
        "changed": changed,
        "removed": list(map(_uuid_of, shown["removed"])),
        "warnings": [],
        "impact": None,
    }


def _uuid_of(record: JSON) -> JSON:
    return {"uuid": record["uuid"]}


def _request(change: Mapping[str, Any]) -> RecordRequest:
    match change["action"]:
        case "create":
            return CreateRecord(record_input(change))
        case "update":
            return _update(change)
        case "delete":
            return DeleteRecord(change["uuid"])
        case _:
            values = [one if isinstance(one, str) else ValueInput(**one) for one in change["values"]]
            return ReplaceRRset(
                change["record_type"], change["name"], values, change.get("ttl"), change.get("priority")
            )


def _update(change: Mapping[str, Any]) -> UpdateRecord:
    fields = {name: value for name, value in change.items() if name not in ("action", "uuid")}
    sent = {name: value for name, value in fields.items() if name in READ_ONLY_OF_RECORDS}

    def check(zone: Zone, before: Record) -> None:
        if sent:
            check_read_only(sent, READ_ONLY_OF_RECORDS, lambda: dump_record(zone, before))

    return UpdateRecord(change["uuid"], fields, check=check)
