"""`/dns-zones/{uuid}/warnings/`, and the number of warnings in the header of a write of a record."""

from __future__ import annotations

import logging

from dns.rdatatype import RdataType
from flask.views import MethodView

from appliance.api import schemas
from appliance.api.auth import needs
from appliance.api.parsing import Blueprint
from appliance.api.presentation import JSON, warning_of
from appliance.api.response_headers import WARNINGS, Headers
from appliance.api.zone_keys import PATH, zone_at
from appliance.compiler import occluded
from appliance.errors import StoreError
from appliance.store import records
from appliance.web.context import context, reading
from appliance.zones.model import Record, Zone
from appliance.zones.warnings import warnings_at
from appliance.zones.zone_cuts import ADDRESSES

log = logging.getLogger(__name__)

blueprint = Blueprint(
    "warnings", __name__, url_prefix="/api/v1/dns-zones", description="What is probably not meant in a zone."
)


@blueprint.route("/<string:uuid>/warnings/", parameters=[PATH])
class WarningsOfZone(MethodView):
    """The warnings of one zone."""

    @needs("dns:list", "dns:read")
    @blueprint.doc(operationId="listWarnings", responses={"404": "NOT_FOUND"})
    @blueprint.response(200, schemas.ZoneWarning(many=True))
    def get(self, uuid: str) -> list[JSON]:
        """List what is valid in a zone and probably not intended."""
        with reading():
            zone = zone_at(uuid)
            view = _view(zone)
            hidden = {record.owner for record in occluded(zone, view.servers)}
            return [warning_of(zone, one) for one in warnings_at(view, hidden | view.delegated_owners())]


def warning_header(zone: Zone, record: Record) -> Headers:
    """Return the header with the number of warnings at the name of a record that was written or deleted.

    The write is already committed: if the store cannot be read, there is no header, and no error is raised.
    """
    if record.rdtype not in ADDRESSES | {RdataType.NS}:
        return {WARNINGS: "0"}
    try:
        with reading():
            return {WARNINGS: str(len(warnings_at(_view(zone), [record.owner])))}
    except StoreError as error:
        log.warning("event=warnings-unread zone=%s reason=%r", zone.uuid, str(error))
        return {}


def _view(zone: Zone) -> records.ZoneView:
    return records.ZoneView(zone, context().editor.apex.servers)
