"""`/dns-records/`: records by their own uuid, whichever zone they are in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dns.name
from flask import Response
from flask.views import MethodView

from appliance.api import response_headers, schemas
from appliance.api.auth import needs, principal
from appliance.api.parsing import Blueprint, read_uuid, uuid_of
from appliance.api.presentation import READ_ONLY_OF_RECORDS, record_of, refuse_moved, shown_record
from appliance.api.zones import EXAMPLE, Answer, create_record, record_input
from appliance.editing import RecordInput, find_record, with_fields
from appliance.errors import InputError
from appliance.store import records, zones
from appliance.store.records import Filters
from appliance.store.zones import Page
from appliance.web.context import context, reading
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_owner, print_owner
from appliance.zones.rdata import parse_type

EXAMPLE_UUID = "6b1f4ad4-9a39-4f6b-8c5e-2f0f6f1c9f3a"

blueprint = Blueprint("records", __name__, url_prefix="/api/v1/dns-records", description="Records by their own uuid.")


@blueprint.route("/")
class Records(MethodView):
    """All records of the account."""

    @needs("dns:list")
    @blueprint.doc(operationId="listRecords")
    @blueprint.arguments(schemas.RecordFilters, location="query")
    @blueprint.response(200, schemas.Record(many=True), headers=response_headers.PAGE_HEADERS)
    def get(self, wanted: dict[str, Any]) -> Answer:
        """List records, by zone, name and type."""
        page = Page(wanted["page"], wanted["page_size"])
        with reading():
            filters = _filters(wanted)
            found, total = records.find(principal().scope, page, filters) if filters else ([], 0)
        return [record_of(zone, record) for zone, record in found], response_headers.page_headers(page, total)

    @needs("dns:create")
    @blueprint.doc(operationId="createRecord", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.FlatRecordCreate, example={"zone": EXAMPLE_UUID, **EXAMPLE})
    @blueprint.response(
        201, schemas.Record, headers=response_headers.LOCATION_HEADER | response_headers.DEPLOYMENT_HEADERS
    )
    def post(self, body: dict[str, Any]) -> Answer:
        """Create a record in the zone that the body names."""
        return create_record(body["zone"], body)


@blueprint.route("/<string:uuid>/")
class OneRecord(MethodView):
    """One record."""

    @needs("dns:list", "dns:read")
    @blueprint.doc(operationId="getRecord", responses={"404": "NOT_FOUND"})
    @blueprint.response(200, schemas.Record)
    def get(self, uuid: str) -> Answer:
        """Show a record."""
        with reading():
            return record_of(*find_record(uuid_of("record", uuid), principal().scope))

    @needs("dns:update")
    @blueprint.doc(operationId="replaceRecord", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.RecordReplace, example=EXAMPLE)
    @blueprint.response(200, schemas.Record, headers=response_headers.DEPLOYMENT_HEADERS)
    def put(self, body: dict[str, Any], uuid: str) -> Answer:
        """Replace a record."""

        def replaced(zone: Zone, before: Record) -> RecordInput:
            refuse_moved(body, shown_record(zone, before), READ_ONLY_OF_RECORDS)
            return record_input(body)

        return _change(uuid, replaced)

    @needs("dns:update")
    @blueprint.doc(operationId="changeRecord", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.RecordPatch, example={"ttl": 1800})
    @blueprint.response(200, schemas.Record, headers=response_headers.DEPLOYMENT_HEADERS)
    def patch(self, body: dict[str, Any], uuid: str) -> Answer:
        """Change fields of a record."""

        def changed(zone: Zone, before: Record) -> RecordInput:
            refuse_moved(body, shown_record(zone, before), READ_ONLY_OF_RECORDS)
            return with_fields(before, zone, body)

        return _change(uuid, changed)

    @needs("dns:delete")
    @blueprint.doc(operationId="deleteRecord", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.response(204, headers=response_headers.DEPLOYMENT_HEADERS)
    def delete(self, uuid: str) -> Response:
        """Delete a record."""
        return response_headers.gone(context().editor.delete_record(principal(), uuid_of("record", uuid)))


def _change(uuid: str, change: Callable[[Zone, Record], RecordInput]) -> Answer:
    zone, record = context().editor.change_record(principal(), uuid_of("record", uuid), change)
    return record_of(zone, record), response_headers.written(zone).headers


def _filters(wanted: dict[str, Any]) -> Filters | None:
    """The filters as the store takes them, or None when nothing can match."""
    origin = dns.name.root
    try:
        zone = None
        if "zone" in wanted:
            zone = read_uuid(wanted["zone"])
            held = zone and zones.get(zone, principal().scope)
            if not held:
                return None
            origin = held.name
        return Filters(
            zone=zone,
            rdtype=parse_type(wanted["record_type"].upper()) if "record_type" in wanted else None,
            owner=print_owner(parse_owner(wanted["name"].lower(), origin), origin) if "name" in wanted else None,
            value=wanted.get("value"),
            search=wanted.get("search"),
        )
    except InputError:
        return None
