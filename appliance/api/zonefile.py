"""`/dns-zones/{zone}/zonefile/`: a zone as a zone file (RFC 1035), now or at a former time, and the import of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, request
from flask.views import MethodView

from appliance.api import change_schemas, response_headers, zonefile_schemas
from appliance.api.auth import needs, principal
from appliance.api.changes import readable_diff
from appliance.api.conditions import editor, etag_header
from appliance.api.parsing import Blueprint, read_body
from appliance.api.presentation import json_text
from appliance.api.zone_keys import PATH, zone_at, zone_uuid
from appliance.compiler import compile_export, compile_former
from appliance.editing import ImportOptions
from appliance.errors import InputError, NotFound
from appliance.store import versions
from appliance.store.versions import ZoneVersion
from appliance.web.context import context, reading
from appliance.zones.model import Zone
from appliance.zones.zone_file_reader import decode_zone_file

MEDIA_TYPE = "text/dns"
"""RFC 4027."""
blueprint = Blueprint("zonefile", __name__, url_prefix="/api/v1/dns-zones", description="Zones as zone files.")
EXAMPLE = "$TTL 3600\n@    MX 10 mail\nmail A  192.0.2.25\nwww  CNAME @\n"
_CONTENT = {MEDIA_TYPE: {"schema": {"type": "string"}, "example": EXAMPLE}}


@blueprint.route("/<string:uuid>/zonefile/", parameters=[PATH])
class ZoneFileOfZone(MethodView):
    """The zone file of one zone."""

    @needs("dns:read")
    @blueprint.doc(
        operationId="exportZone",
        responses={
            "200": {"description": "OK", "content": _CONTENT, "headers": response_headers.ETAG_HEADER},
            "404": "NOT_FOUND",
            "409": "CONFLICT",
        },
    )
    @blueprint.arguments(zonefile_schemas.ExportQuery, location="query")
    def get(self, query: dict[str, Any], uuid: str) -> Response:
        """Return the zone as a zone file, with SOA and apex NS: as it is, at a time, or in a version."""
        with reading():
            zone = zone_at(uuid)
            version = _version(zone, **query)
            if version is None:
                content = compile_export(zone, context().editor.apex)
            else:
                former = versions.records_of(zone, version)
                content = compile_former(zone, version.serial, former, context().editor.apex)
        headers = etag_header(zone) if version is None else {}
        return Response(content, mimetype=MEDIA_TYPE, headers=headers)

    @needs("dns:create", "dns:update", "dns:delete")
    @blueprint.doc(
        operationId="importZone",
        parameters=[response_headers.PREFER],
        requestBody={"required": True, "content": {**_CONTENT, "text/plain": _CONTENT[MEDIA_TYPE]}},
        responses={
            "404": "NOT_FOUND",
            "413": "REQUEST_ENTITY_TOO_LARGE",
            "415": "UNSUPPORTED_MEDIA_TYPE",
            "428": "PRECONDITION_REQUIRED",
        },
    )
    @blueprint.arguments(zonefile_schemas.ImportQuery, location="query")
    @blueprint.response(200, change_schemas.Diff, headers=response_headers.DEPLOYMENT_HEADERS)
    def put(self, query: dict[str, Any], uuid: str) -> Response:
        """Replace the records of a zone with those of a zone file; equal records keep uuid and comment."""
        options = ImportOptions(query["merge"], query["skip_refused"], query["confirm"])
        zone, text = zone_uuid(uuid), decode_zone_file(read_body(request, MEDIA_TYPE, "text/plain"))
        diff = editor().import_zone_file(principal(), zone, text, query["comment"], options, dry_run=query["dry_run"])
        headers = etag_header(diff.after) | response_headers.after_write(diff.after).headers if diff.applied else {}
        return Response(json_text(readable_diff(diff)), headers=headers, mimetype="application/json")


def _version(zone: Zone, version: int | None = None, at: datetime | None = None) -> ZoneVersion | None:
    """Return the requested version, None for the present state; raise InputError if there is none."""
    if version is not None and at is not None:
        raise InputError("`version` and `at` exclude each other: send one of them", "at")
    try:
        if at is not None:
            found = versions.at_time(zone, at)
        elif version is not None:
            found = versions.get(zone, version)
        else:
            return None
    except NotFound as unknown:
        raise InputError(str(unknown), "version" if at is None else "at") from None
    return None if found.last_row == versions.latest(zone).last_row else found
