"""`/dns-zones/{uuid}/warnings/`, and the number of warnings in the header of a write of a record."""

from __future__ import annotations

import logging
from collections.abc import Sized

from dns.name import Name
from flask.views import MethodView

from appliance.api import schemas
from appliance.api.auth import needs
from appliance.api.parsing import Blueprint
from appliance.api.presentation import JSON, warning_of
from appliance.api.response_headers import WARNINGS, Headers
from appliance.api.zone_keys import PATH, zone_at
from appliance.editing import warnings_of
from appliance.errors import StoreError
from appliance.web.context import context, reading
from appliance.zones.model import Zone

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
        """List what is valid in a zone and probably not intended: the first 1000 warnings, ordered by name."""
        with reading():
            zone = zone_at(uuid)
            return [warning_of(zone, one) for one in warnings_of(zone, _servers())]


def warning_header(warnings: Sized) -> Headers:
    """Return the header with the number of warnings of a write."""
    return {WARNINGS: str(len(warnings))}


def zone_warning_header(zone: Zone) -> Headers:
    """Return the header with the number of warnings of a zone that was created.

    The write is already committed: if the store cannot be read, there is no header, and no error is raised.
    """
    try:
        with reading():
            return warning_header(warnings_of(zone, _servers()) if zone.record_count else ())
    except StoreError as error:
        log.warning("event=warnings-unread zone=%s reason=%r", zone.uuid, str(error))
        return {}


def _servers() -> tuple[Name, ...]:
    return context().editor.apex.servers
