"""The zone as a file to download, as it is or was."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from appliance.compiler import compile_export, compile_former
from appliance.console.pages import pages
from appliance.console.zones import get_zone
from appliance.store import versions
from appliance.web.context import context, reading
from appliance.zones.model import Zone
from appliance.zones.names import print_domain


@pages.get("/zones/<uuid:uuid>/export/", endpoint="export")
def export_zone(uuid: UUID) -> Response:
    """Send the zone file as it is published, as a download."""
    with reading():
        zone = get_zone(uuid)
        content = compile_export(zone, context().editor.apex)
    return _download(zone, content)


@pages.get("/zones/<uuid:uuid>/history/<int:serial>/export/", endpoint="export_version")
def export_version(uuid: UUID, serial: int) -> Response:
    """Send the zone file of a version as a download; raise Conflict if its records are no longer stored."""
    with reading():
        zone = get_zone(uuid)
        former = versions.records_of(zone, versions.get(zone, serial))
        content = compile_former(zone, serial, former, context().editor.apex)
    return _download(zone, content, f"-{serial}")


def _download(zone: Zone, content: bytes, suffix: str = "") -> Response:
    name = print_domain(zone.name).replace("/", "_")
    return Response(
        content,
        content_type="text/dns; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}{suffix}.zone"'},
    )
