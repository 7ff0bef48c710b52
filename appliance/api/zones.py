"""`/dns-zones/`: zones, and the records in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, request
from flask.views import MethodView

from appliance.api import change_schemas, dnssec_schemas, response_headers, schemas, streaming
from appliance.api.auth import needs, principal, without_unread
from appliance.api.conditions import editor, etag_header, not_modified, refuse_if_match
from appliance.api.idempotency import idempotent, remember, remember_within
from appliance.api.parsing import Blueprint
from appliance.api.presentation import (
    JSON,
    READ_ONLY_OF_ZONES,
    check_read_only,
    deployment_of,
    dump_record,
    dump_zone_detail,
    json_text,
    record_of,
    zone_detail,
    zone_summary,
)
from appliance.api.warnings import warning_header, zone_warning_header
from appliance.api.zone_keys import PATH, deleted_zone_uuid, zone_at, zone_uuid
from appliance.editing import RESERVATION, RecordInput, ZoneContent
from appliance.errors import InputError
from appliance.store import delegations, deployments, former_zones, record_lists, records, zones
from appliance.store.idempotency import StoredResponse
from appliance.store.record_lists import Filters
from appliance.store.zones import Page
from appliance.web.context import context, reading
from appliance.web.deployment_wait import current_deployment
from appliance.zones.deployment import Deployment
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, print_domain
from appliance.zones.zone_cuts import ChildZone

blueprint = Blueprint("zones", __name__, url_prefix="/api/v1/dns-zones", description="Zones and the records in them.")

ViewResult = tuple[Any, int, response_headers.Headers] | tuple[Any, response_headers.Headers] | JSON
EXAMPLE = {"record_type": "MX", "name": "@", "value": "mail.example.com", "ttl": 3600, "priority": 10}
SETTINGS = ("default_ttl", "protected", "comment", "dnssec")


@blueprint.route("/")
class Zones(MethodView):
    """All zones of the account."""

    @needs("dns:list")
    @blueprint.doc(operationId="listZones")
    @blueprint.arguments(schemas.ZoneFilters, location="query")
    @blueprint.response(200, schemas.ListedZone(many=True), headers=response_headers.PAGE_HEADERS)
    def get(self, query: dict[str, Any]) -> ViewResult:
        """List zones, ordered by domain."""
        page = Page(query["page"], query["page_size"])
        with reading():
            found, total = _find(query, page)
            states = deployments.of_zones(found, context().nameservers)
        now = context().clock()
        summaries = [zone_summary(zone, states[zone.uuid], now) for zone in found]
        return summaries, response_headers.page_headers(page, total)

    @needs("dns:create", right="create_zones")
    @blueprint.doc(operationId="createZone", parameters=[response_headers.PREFER])
    @blueprint.arguments(change_schemas.ZoneCreate, example={"domain": "example.com"})
    @blueprint.response(
        201, schemas.ZoneDetail, headers=response_headers.LOCATION_HEADER | response_headers.WARNED_HEADERS
    )
    @idempotent
    def post(self, body: dict[str, Any]) -> Response:
        """Create a zone; a zone of the account above it delegates it."""
        refuse_if_match()

        def first_response(created: Zone) -> StoredResponse:
            return _created(created, current_deployment(created, context().nameservers), body)

        settings = {name: body[name] for name in (*SETTINGS, "serial") if name in body}
        content = ZoneContent(tuple(map(record_input, body.get("records", ()))), **settings)
        take_records = body.get("take_records", False)
        zone = context().editor.create_zone(
            principal(), body["domain"], content, take_records=take_records, alongside=remember_within(first_response)
        )
        result = response_headers.after_write(zone, with_above=True)
        with reading():
            deployment = result.deployment or context().deployment_wait.current(zone)[0]
            response = _created(zones.get_any(zone.uuid), deployment, body)
            headers = {**response.headers, **result.headers, **zone_warning_header(zone)}
        return Response(response.body, 201, headers, mimetype="application/json")


@blueprint.route("/<string:uuid>/", parameters=[PATH])
class OneZone(MethodView):
    """One zone."""

    @needs("dns:list", "dns:read")
    @blueprint.doc(
        operationId="getZone",
        parameters=[response_headers.IF_NONE_MATCH],
        responses={"304": "NOT_MODIFIED", "404": "NOT_FOUND"},
    )
    @blueprint.response(200, schemas.ZoneDetail, headers=response_headers.ETAG_HEADER)
    def get(self, uuid: str) -> Response:
        """Show a zone with its records."""
        with reading():
            zone = zone_at(uuid)
            if unchanged := not_modified(zone):
                return unchanged
            if request.method == "HEAD":  # its ETag, without reading its records
                return Response(iter(()), headers=etag_header(zone), mimetype="application/json")
            deployment = current_deployment(zone, context().nameservers)
            shown = dump_zone_detail(zone, deployment, _delegations(zone), context().clock())
            response = streaming.respond(streaming.object_with_array(shown, "records", _records_of(zone)))
        response.headers.update(etag_header(zone))
        return response

    @needs("dns:update")
    @blueprint.doc(operationId="changeZone", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.ZonePatch, example={"default_ttl": 300, "protected": True})
    @blueprint.response(200, schemas.ZoneSummary, headers=response_headers.DEPLOYMENT_HEADERS)
    def patch(self, body: dict[str, Any], uuid: str) -> ViewResult:
        """Change the settings of a zone."""
        with reading():
            zone = zone_at(uuid)
            check_read_only(body, READ_ONLY_OF_ZONES, lambda: _shown_without_records(zone))
            _check_records_unchanged(body, zone)
        settings = {name: body[name] for name in SETTINGS if name in body}
        zone = editor().change_zone(principal(), zone.uuid, settings)
        result = response_headers.after_write(zone)
        deployment = result.deployment or context().deployment_wait.current(zone)[0]
        summary = zone_summary(zone, deployment, context().clock())
        return without_unread(summary, settings), result.headers | etag_header(zone)

    @needs("dns:delete", right="delete_zones")
    @blueprint.doc(
        operationId="deleteZone",
        parameters=[response_headers.PREFER],
        responses={"404": "NOT_FOUND", "409": "CONFLICT", "428": "PRECONDITION_REQUIRED"},
    )
    @blueprint.arguments(dnssec_schemas.ZoneDelete, location="query")
    @blueprint.response(204, headers=response_headers.DEPLOYMENT_HEADERS)
    def delete(self, query: dict[str, str], uuid: str) -> Response:
        """Delete a zone and its records."""
        deleted = editor().delete_zone(principal(), zone_uuid(uuid), ds_withdrawn="ds" in query)
        return response_headers.no_content_after_write(deleted, with_above=True)


@blueprint.route("/<string:uuid>/restore/", parameters=[PATH])
class RestoreZone(MethodView):
    """The restoration of a deleted zone."""

    @needs("dns:create", right="create_zones")
    @blueprint.doc(operationId="restoreZone", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"})
    @blueprint.response(200, schemas.ZoneSummary, headers=response_headers.DEPLOYMENT_HEADERS)
    @idempotent
    def post(self, uuid: str) -> Response:
        """Bring back a zone that was deleted less than 30 days ago, with its uuid, records and settings."""
        refuse_if_match()

        def first_response(restored: Zone) -> StoredResponse:
            return _restored(restored, current_deployment(restored, context().nameservers))

        zone = context().editor.undelete_zone(
            principal(), deleted_zone_uuid(uuid), alongside=remember_within(first_response)
        )
        result = response_headers.after_write(zone, with_above=True)
        response = _restored(zone, result.deployment or context().deployment_wait.current(zone)[0])
        return Response(response.body, headers={**response.headers, **result.headers}, mimetype="application/json")


@blueprint.route("/<string:uuid>/records/", parameters=[PATH])
class RecordsOfZone(MethodView):
    """The records of one zone."""

    @needs("dns:list", "dns:read")
    @blueprint.doc(operationId="listRecordsOfZone", responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.ZonePaged, location="query")
    @blueprint.response(200, schemas.Record(many=True), headers=response_headers.PAGE_HEADERS)
    def get(self, query: dict[str, int], uuid: str) -> ViewResult | Response:
        """List the records of a zone: all of them, or a page."""
        with reading():
            zone = zone_at(uuid)
            if not query:
                response = streaming.respond(streaming.array(_records_of(zone)))
                response.headers.update(response_headers.total_header(zone.record_count))
                return response
            page = Page(query.get("page", 1), query.get("page_size", schemas.PAGE_SIZE))
            found, total = record_lists.find(principal().scope, page, Filters(zone=zone.uuid))
        return [record_of(zone, record) for _, record in found], response_headers.page_headers(page, total)

    @needs("dns:create")
    @blueprint.doc(
        operationId="createRecordInZone", parameters=[response_headers.PREFER], responses={"404": "NOT_FOUND"}
    )
    @blueprint.arguments(schemas.RecordBody, example=EXAMPLE)
    @blueprint.response(201, schemas.Record, headers=response_headers.LOCATION_HEADER | response_headers.WARNED_HEADERS)
    @idempotent
    def post(self, body: dict[str, Any], uuid: str) -> ViewResult:
        """Create a record in a zone."""
        return create_record(uuid, body)


@blueprint.route("/<string:uuid>/deployment/", parameters=[PATH])
class DeploymentOfZone(MethodView):
    """The deployment of one zone."""

    @needs("dns:list", "dns:read")
    @blueprint.doc(operationId="getDeployment", responses={"404": "NOT_FOUND"})
    @blueprint.response(200, schemas.Deployment)
    def get(self, uuid: str) -> ViewResult:
        """Show what the nameservers serve of a zone."""
        with reading():
            return deployment_of(current_deployment(zone_at(uuid), context().nameservers), context().clock())


def _created(zone: Zone, deployment: Deployment, body: Mapping[str, Any]) -> StoredResponse:
    """Return the response for a new zone, which is read from the store."""
    location = response_headers.path_of("zones.OneZone", zone.uuid)
    headers = {"Location": location, "X-Zone-Serial": str(zone.serial)} | etag_header(zone)
    shown = zone_detail(zone, deployment, records.of_zone(zone), _delegations(zone), context().clock())
    sent = {**body, "records": None} if body.get("take_records") else body  # among them are some of the zone above
    return StoredResponse(201, headers, json_text(without_unread(shown, sent)))


def _restored(zone: Zone, deployment: Deployment) -> StoredResponse:
    headers = {"X-Zone-Serial": str(zone.serial)} | etag_header(zone)
    shown = without_unread(zone_summary(zone, deployment, context().clock()), {})
    return StoredResponse(200, headers, json_text(shown))


def create_record(key: str, body: dict[str, Any]) -> ViewResult:
    """Create a record in the zone of that uuid or domain; return the response."""

    def response(zone: Zone, record: Record) -> StoredResponse:
        location = response_headers.path_of("records.OneRecord", record.uuid)
        headers = {"Location": location, "X-Zone-Serial": str(zone.serial)} | etag_header(record)
        return StoredResponse(201, headers, json_text(record_of(zone, record)))

    prepare = remember(response)
    zone, record, warnings = editor().create_record(principal(), zone_uuid(key), record_input(body), prepare)
    headers = response_headers.after_write(zone).headers | warning_header(warnings)
    return record_of(zone, record), 201, {**response(zone, record).headers, **headers}


def record_input(body: Mapping[str, Any]) -> RecordInput:
    """Return the record that a complete body describes."""
    names = ("record_type", "name", "value", "ttl", "priority", "comment", "expires_at")
    return RecordInput(**{name: body[name] for name in names if name in body})


def _records_of(zone: Zone) -> Iterator[JSON]:
    """Yield all records of the zone as JSON, read in batches."""
    return (dump_record(zone, record) for record in records.iterate(zone))


def _shown_without_records(zone: Zone) -> JSON:
    """Return the zone as a response has it, with an empty list of records, and of no nameserver."""
    return dump_zone_detail(zone, current_deployment(zone, ()), _delegations(zone), context().clock())


def _delegations(zone: Zone) -> list[ChildZone]:
    """Return the delegations of the zone to zones that the principal may see."""
    return [one for one in delegations.of_zone(zone) if principal().scope.sees(one.uuid, print_domain(one.name))]


def _find(query: dict[str, Any], page: Page) -> tuple[list[Zone], int]:
    name = None
    if "domain" in query:
        try:
            name = parse_domain(query["domain"].lower())
        except InputError:
            return [], 0
    scope, search = principal().scope, query.get("search")
    if query["deleted"]:
        return former_zones.find(scope, context().clock() - RESERVATION, page, name=name, search=search)
    return zones.find(scope, page, name=name, search=search)


def _check_records_unchanged(body: dict[str, Any], zone: Zone) -> None:
    if "records" in body:
        sent = body["records"]
        same_length = isinstance(sent, list) and len(sent) == zone.record_count
        if not same_length or sent != [dump_record(zone, record) for record in records.of_zone(zone)]:
            raise InputError("records cannot be changed together with their zone: change each record", "records")
