"""Zones that were deleted less than 30 days ago: who deleted them and when, and bringing them back."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from appliance.console.forms import Form
from appliance.console.pages import pages, redirect_to, render_page
from appliance.console.session import current_session
from appliance.console.zones import ZONES
from appliance.editing import RESERVATION
from appliance.store import accounts, former_zones, journal
from appliance.web.context import context, reading
from appliance.web.paging import find_page, neighbours
from appliance.zones.names import print_domain


@pages.get("/zones/deleted/", endpoint="deleted_zones")
def show_deleted_zones() -> Response:
    """Show the deleted zones of the account, newest first; operators see those of all accounts."""
    return _deleted_page(Form())


@pages.post("/zones/deleted/<uuid:uuid>/", endpoint="restore_zone")
def restore_zone(uuid: UUID) -> Response | BaseResponse:
    """Bring the zone back with its uuid, records and settings."""
    form = Form()
    with form.collecting_errors():
        zone = context().editor.undelete_zone(current_session().principal, uuid)
        return redirect_to("console.zone", f"Zone {print_domain(zone.name)} restored.", uuid=uuid)
    return _deleted_page(form, 400)


def _deleted_page(form: Form, status: int = 200) -> Response:
    search, principal = request.args.get("search", "").strip(), current_session().principal
    since = context().clock() - RESERVATION
    with reading():
        found, total, shown = find_page(
            ZONES, lambda page: former_zones.find(principal.scope, since, page, search=search)
        )
        actors = journal.last_actors(zone.uuid for zone in found)
        owners = accounts.emails_of({zone.account for zone in found}) if principal.operator else {}
    return render_page(
        "zones_deleted.html",
        status,
        zones=found,
        actors=actors,
        owners=owners,
        search=search,
        reservation=RESERVATION,
        form=form,
        paging=neighbours(total, shown),
    )
