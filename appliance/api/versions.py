"""`/dns-zones/{zone}/versions/`: the history of a zone."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response
from flask.views import MethodView

from appliance.api import change_schemas, history_schemas, response_headers, schemas
from appliance.api.auth import needs, principal
from appliance.api.changes import first_response, response_to
from appliance.api.conditions import editor
from appliance.api.idempotency import idempotent, remember
from appliance.api.parsing import Blueprint
from appliance.api.presentation import diff_of, json_text
from appliance.api.zone_keys import PATH, zone_at, zone_uuid
from appliance.editing import Diff
from appliance.errors import InputError, NotFound
from appliance.store import versions
from appliance.store.idempotency import StoredResponse
from appliance.store.versions import ZoneVersion
from appliance.store.zones import Page
from appliance.web.context import reading
from appliance.zones.changes import Change
from appliance.zones.model import Zone

blueprint = Blueprint("versions", __name__, url_prefix="/api/v1/dns-zones", description="The history of a zone.")

RESPONSES = {"404": "NOT_FOUND", "409": "CONFLICT"}


@blueprint.route("/<string:uuid>/versions/", parameters=[PATH])
class VersionsOfZone(MethodView):
    """The versions of one zone."""

    @needs("dns:read")
    @blueprint.doc(operationId="listVersions", responses={"404": "NOT_FOUND"})
    @blueprint.arguments(schemas.Paged, location="query")
    @blueprint.response(200, history_schemas.ZoneVersion(many=True), headers=response_headers.PAGE_HEADERS)
    def get(self, query: dict[str, int], uuid: str) -> tuple[list[ZoneVersion], response_headers.Headers]:
        """List the versions of a zone, newest first."""
        page = Page(query["page"], query["page_size"])
        with reading():
            found, total = versions.find(zone_at(uuid), page)
        return found, response_headers.page_headers(page, total)


@blueprint.route("/<string:uuid>/versions/<int:serial>/", parameters=[PATH])
class OneVersion(MethodView):
    """One version of a zone."""

    @needs("dns:read")
    @blueprint.doc(operationId="compareVersions", responses=RESPONSES)
    @blueprint.arguments(history_schemas.CompareQuery, location="query")
    @blueprint.response(200, change_schemas.Diff)
    def get(self, query: dict[str, int], uuid: str, serial: int) -> Response:
        """Show what a version changed, or how it differs from another version."""
        with reading():
            zone = zone_at(uuid)
            version = versions.get(zone, serial)
            if "from_serial" not in query:
                return _shown(zone, version, versions.changes_of(zone, version), version.change_id)
            other = _compared(zone, query["from_serial"])
            return _shown(zone, version, versions.changes_between(zone, other, version))


@blueprint.route("/<string:uuid>/versions/<int:serial>/restore/", parameters=[PATH])
class Restore(MethodView):
    """The restoration of a version."""

    @needs("dns:update")
    @blueprint.doc(operationId="restoreVersion", parameters=[response_headers.PREFER], responses=RESPONSES)
    @blueprint.arguments(change_schemas.DryRun, location="query")
    @blueprint.response(200, change_schemas.Diff, headers=response_headers.DEPLOYMENT_HEADERS)
    @idempotent
    def post(self, query: dict[str, bool], uuid: str, serial: int) -> Response:
        """Replace the records of a zone with those of a version, as a new version."""
        prepare = remember(_first_response)
        diff = editor().restore_version(principal(), zone_uuid(uuid), serial, prepare=prepare, **query)
        return response_to(diff, is_sent=False)


@blueprint.route("/<string:uuid>/versions/<int:serial>/undo/", parameters=[PATH])
class Undo(MethodView):
    """The undo of a version."""

    @needs("dns:update")
    @blueprint.doc(operationId="undoVersion", parameters=[response_headers.PREFER], responses=RESPONSES)
    @blueprint.arguments(change_schemas.DryRun, location="query")
    @blueprint.response(200, change_schemas.Diff, headers=response_headers.DEPLOYMENT_HEADERS)
    @idempotent
    def post(self, query: dict[str, bool], uuid: str, serial: int) -> Response:
        """Undo what one version changed, as a new version; later changes stay."""
        prepare = remember(_first_response)
        diff = editor().undo_version(principal(), zone_uuid(uuid), serial, prepare=prepare, **query)
        return response_to(diff, is_sent=False)


def _first_response(diff: Diff) -> StoredResponse:
    return first_response(diff, is_sent=False)


def _compared(zone: Zone, serial: int) -> ZoneVersion:
    try:
        return versions.get(zone, serial)
    except NotFound as unknown:
        raise InputError(str(unknown), "from") from None


def _shown(zone: Zone, version: ZoneVersion, changes: list[Change], change_id: UUID | None = None) -> Response:
    shown = diff_of(Diff(zone, replace(zone, serial=version.serial), changes, change_id))
    return Response(json_text(shown), mimetype="application/json")
