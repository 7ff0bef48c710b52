"""`/dns-records/`: records by their uuid, in any zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from flask.views import MethodView

from appliance.api import response_headers, schemas
from appliance.api.auth import needs, principal, without_unread
from appliance.api.conditions import editor, etag_header, not_modified
from appliance.api.filters import record_filters
from appliance.api.idempotency import idempotent
from appliance.api.parsing import Blueprint, uuid_or_not_found
from appliance.api.presentation import READ_ONLY_OF_RECORDS, check_read_only, dump_record, record_of
from appliance.api.warnings import warning_header
from appliance.api.zone_keys import zone_at
from appliance.api.zones import EXAMPLE, ViewResult, create_record, record_input
from appliance.editing import RecordInput, find_record, with_fields
from appliance.errors import InputError, NotFound
from appliance.store import record_lists
from appliance.store.record_lists import Filters
from appliance.store.zones import Page
from appliance.web.context import reading
from appliance.zones.model import Record, Zone

EXAMPLE_UUID = "6b1f4ad4-9a39-4f6b-8c5e-2f0f6f1c9f3a"

blueprint = Blueprint(
    "records", __name__, url_prefix="/api/v1/dns-records", description="Records by their uuid, in any zone."
)


@blueprint.route("/")
class Records(MethodView):
    """All records of the account."""

    @needs("dns:list")
    @blueprint.doc(operationId="listRecords")
    @blueprint.arguments(schemas.RecordFilters, location="query")
    @blueprint.response(200, schemas.Record(many=True), headers=response_headers.PAGE_HEADERS)
    def get(self, query: dict[str, Any]) -> ViewResult:
        """List records, ordered by zone, name and type."""
        page = Page(query["page"], query["page_size"])
        with reading():
            filters = _filters(query)
            found, total = record_lists.find(principal().scope, page, filters) if filters else ([], 0)
        return [record_of(zone, record) for zone, record in found], response_headers.page_headers(page, total)

    @needs("dns:create")
    @blueprint.doc(operationId="createRecord", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.FlatRecordCreate, example={"zone": EXAMPLE_UUID, **EXAMPLE})
    @blueprint.response(201, schemas.Record, headers=response_headers.LOCATION_HEADER | response_headers.WARNED_HEADERS)
    @idempotent
    def post(self, body: dict[str, Any]) -> ViewResult:
        """Create a record in the zone `zone` of the body."""
        return create_record(body["zone"], body)


@blueprint.route("/<string:uuid>/")
class OneRecord(MethodView):
    """One record."""

    @needs("dns:list", "dns:read")
    @blueprint.doc(
        operationId="getRecord",
        parameters=[response_headers.IF_NONE_MATCH],
        responses={"304": "NOT_MODIFIED", "404": "NOT_FOUND"},
    )
    @blueprint.response(200, schemas.Record, headers=response_headers.ETAG_HEADER)
    def get(self, uuid: str) -> ViewResult | Response:
        """Show a record."""
        with reading():
            zone, record = find_record(uuid_or_not_found("record", uuid), principal().scope)
        return not_modified(record) or (record_of(zone, record), etag_header(record))

    @needs("dns:update")
    @blueprint.doc(operationId="replaceRecord", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.RecordReplace, example=EXAMPLE)
    @blueprint.response(200, schemas.Record, headers=response_headers.WARNED_HEADERS)
    def put(self, body: dict[str, Any], uuid: str) -> ViewResult:
        """Replace a record."""

        def replaced(zone: Zone, before: Record) -> RecordInput:
            check_read_only(body, READ_ONLY_OF_RECORDS, lambda: dump_record(zone, before))
            return record_input(body)

        return _change(uuid, body, replaced)

    @needs("dns:update")
    @blueprint.doc(operationId="changeRecord", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.RecordPatch, example={"ttl": 1800})
    @blueprint.response(200, schemas.Record, headers=response_headers.WARNED_HEADERS)
    def patch(self, body: dict[str, Any], uuid: str) -> ViewResult:
        """Change some fields of a record."""

        def changed(zone: Zone, before: Record) -> RecordInput:
            check_read_only(body, READ_ONLY_OF_RECORDS, lambda: dump_record(zone, before))
            return with_fields(before, zone, body)

        return _change(uuid, body, changed)

    @needs("dns:delete")
    @blueprint.doc(operationId="deleteRecord", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.response(204, headers=response_headers.WARNED_HEADERS)
    def delete(self, uuid: str) -> Response:
        """Delete a record."""
        written = editor().delete_record(principal(), uuid_or_not_found("record", uuid))
        response = response_headers.no_content_after_write(written.zone)
        response.headers.update(warning_header(written.warnings))
        return response


def _change(uuid: str, body: dict[str, Any], change: Callable[[Zone, Record], RecordInput]) -> ViewResult:
    zone, record, warnings = editor().change_record(principal(), uuid_or_not_found("record", uuid), change)
    headers = response_headers.after_write(zone).headers | warning_header(warnings) | etag_header(record)
    return without_unread(record_of(zone, record), body), headers


def _filters(query: dict[str, Any]) -> Filters | None:
    """Return the filters of the store, or None if no record can match."""
    try:
        return record_filters(query, zone_at(query["zone"]) if "zone" in query else None)
    except (InputError, NotFound):
        return None
