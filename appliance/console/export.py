"""The zone as a file to download."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from appliance.compiler import compile_zone
from appliance.console.pages import pages
from appliance.console.zones import get_zone
from appliance.web.context import context, reading
from appliance.zones.names import print_domain


@pages.get("/zones/<uuid:uuid>/export/", endpoint="export")
def export_zone(uuid: UUID) -> Response:
    """Send the zone file as it is published, as a download."""
    with reading():
        zone = get_zone(uuid)
        content = compile_zone(zone, context().editor.apex).content
    name = print_domain(zone.name).replace("/", "_")
    return Response(
        content,
        content_type="text/dns; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.zone"'},
    )
