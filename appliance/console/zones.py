"""Zones: the list, a new zone, its settings, and deleting it."""

from __future__ import annotations

from uuid import UUID

import flask
from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from appliance.console.forms import Form, submitted_form
from appliance.console.notices import Notice
from appliance.console.pages import operators_only, pages, redirect_to, render_page
from appliance.console.session import current_session
from appliance.editing import ZoneContent, find_zone, needs_ds_confirmation
from appliance.errors import InputError, OperatorsOnly, RecordsHidden
from appliance.store import accounts, deployments, zones
from appliance.web.context import context, reading
from appliance.web.paging import find_page, neighbours
from appliance.zones.deployment import DeploymentState
from appliance.zones.model import Zone
from appliance.zones.names import print_domain, print_unicode

ZONES = 50
"""Zones on a page."""


@pages.get("/zones/", endpoint="zones")
def show_zones() -> Response:
    """Show the zones of the account by domain; operators see those of all accounts."""
    search, state_name = request.args.get("search", "").strip(), request.args.get("state", "")
    state = DeploymentState(state_name) if state_name in list(DeploymentState) else None
    principal = current_session().principal
    owner = request.args.get("owner", "").strip() if principal.operator else ""
    with reading():
        found, total, shown = find_page(
            ZONES, lambda page: zones.find(principal.scope, page, search=search, state=state, owner=owner)
        )
        owners = accounts.emails_of({zone.account for zone in found}) if principal.operator else {}
        found_deployments = deployments.of_zones(found, context().nameservers)
    return render_page(
        "zones.html",
        zones=found,
        deployments=found_deployments,
        search=search,
        owner=owner,
        owners=owners,
        state=state,
        states=DeploymentState,
        paging=neighbours(total, shown),
    )


@pages.get("/zones/new/", endpoint="zone_new")
def show_new_zone() -> Response:
    """Show the form for a new zone."""
    return render_page("zone_new.html", form=Form(request.args))


@pages.post("/zones/new/")
def create_zone() -> Response | BaseResponse:
    """Create a zone.

    A domain that only operators may create is created once an operator has confirmed it; records of the zone above that
    the new zone would hide move into it once that is confirmed.
    """
    form, principal = submitted_form(), current_session().principal
    domain = form["domain"].strip()
    confirm, move = (domain if domain and form[name] == domain else "" for name in ("confirmed", "take_records"))
    content, editor = ZoneContent(dnssec=form["dnssec"] == "yes"), context().editor
    with form.collecting_errors():
        try:
            zone = editor.create_zone(principal, domain, content, as_operator=bool(confirm), take_records=bool(move))
        except OperatorsOnly:
            confirm = domain if principal.operator else ""
            raise
        except RecordsHidden:
            move = domain
            raise
        return redirect_to("console.zone", f"Zone {print_domain(zone.name)} created. Add its records.", uuid=zone.uuid)
    return render_page("zone_new.html", 400, form=form, confirm=confirm, move=move)


@pages.get("/zones/<uuid:uuid>/settings/", endpoint="zone_settings")
def show_settings(uuid: UUID) -> Response:
    """Show the settings of the zone."""
    zone = get_zone(uuid)
    values = {
        "default_ttl": str(zone.default_ttl),
        "comment": zone.comment,
        "protected": "yes" if zone.protected else "",
    }
    return render_page("zone_settings.html", zone=zone, form=Form(MultiDict(values)))


@pages.post("/zones/<uuid:uuid>/settings/")
def change_settings(uuid: UUID) -> Response | BaseResponse:
    """Save the settings of the zone."""
    zone, form = get_zone(uuid), submitted_form()
    with form.collecting_errors():
        settings = {
            "default_ttl": parse_integer(form["default_ttl"], "default_ttl"),
            "comment": form["comment"],
            "protected": form["protected"] == "yes",
        }
        context().editor.change_zone(current_session().principal, uuid, settings)
        return redirect_to("console.zone_settings", "Settings saved.", uuid=uuid)
    return render_page("zone_settings.html", 400, zone=zone, form=form)


@pages.post("/zones/<uuid:uuid>/release/", endpoint="zone_release")
@operators_only
def release_zone(uuid: UUID) -> BaseResponse:
    """Publish a zone that is held until its ownership is proven."""
    zone = context().editor.release_zone(current_session().principal, uuid)
    return redirect_to("console.zone", f"Zone {print_domain(zone.name)} released.", uuid=uuid)


@pages.get("/zones/<uuid:uuid>/delete/", endpoint="zone_delete")
def show_delete(uuid: UUID) -> Response:
    """Show the form that confirms the deletion of the zone."""
    return _deletion_page(get_zone(uuid), Form())


@pages.post("/zones/<uuid:uuid>/delete/")
def delete_zone(uuid: UUID) -> Response | BaseResponse:
    """Delete the zone, if its domain was typed to confirm it."""
    zone, form = get_zone(uuid), submitted_form()
    with form.collecting_errors():
        typed = form["domain"].strip().lower().removesuffix(".")
        if typed not in (print_domain(zone.name), print_unicode(zone.name)):
            raise InputError("type the domain of this zone to delete it", "domain")
        with reading():
            if not form["ds"] and needs_ds_confirmation(zone, context().clock()):
                raise InputError("confirm that the DS is gone from the parent zone, or remove it there first", "ds")
        context().editor.delete_zone(current_session().principal, uuid, ds_withdrawn=bool(form["ds"]))
        restore = flask.url_for("console.restore_zone", uuid=uuid)
        return redirect_to("console.zones", Notice(f"Zone {print_domain(zone.name)} deleted.", "Restore", restore))
    return _deletion_page(zone, form, 400)


def _deletion_page(zone: Zone, form: Form, status: int = 200) -> Response:
    with reading():
        has_ds = needs_ds_confirmation(zone, context().clock())
    return render_page("zone_delete.html", status, zone=zone, form=form, has_ds=has_ds)


def get_zone(uuid: UUID) -> Zone:
    """Return the zone; raise NotFound if the account has no such zone."""
    with reading():
        return find_zone(uuid, current_session().principal.scope)


def other_owner(zone: Zone) -> str:
    """Return the email of the zone's account, for an operator who is somebody else; "" for its own account."""
    if zone.account == current_session().account.uuid:
        return ""
    with reading():
        return accounts.get_account(zone.account).email


def parse_integer(text: str, field: str) -> int:
    """Return the integer in the text; raise InputError if it is none, or has more than 18 digits."""
    digits = text.strip().removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise InputError(f"{text!r} is not an integer", field)
    return int(text)
