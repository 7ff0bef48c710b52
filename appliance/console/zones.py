"""Zones: the list of them, a new one, its settings, and its end."""

from __future__ import annotations

from uuid import UUID

import dns.name
from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from appliance.console.forms import Form, sent_form
from appliance.console.pages import go_to, page, pages
from appliance.console.session import current_session
from appliance.editing import find_zone
from appliance.errors import InputError
from appliance.store import deployments, zones
from appliance.web.context import context, reading
from appliance.web.paging import neighbours, pager
from appliance.zones.deployment import DeploymentState
from appliance.zones.model import Zone
from appliance.zones.names import parse_owner, print_domain, print_unicode

ZONES = 50
"""Zones on a page."""


@pages.get("/zones/", endpoint="zones")
def show_zones() -> Response:
    """The zones of the account, by domain; of everyone for operators."""
    search, wanted = request.args.get("search", "").strip(), request.args.get("state", "")
    state = DeploymentState(wanted) if wanted in list(DeploymentState) else None
    scope, shown = current_session().principal.scope, pager(ZONES)
    with reading():
        found, total = zones.find(scope, shown, search=_searched(search.lower()), state=state)
        standing = deployments.of_zones(found, context().nameservers)
    return page(
        "zones.html",
        zones=found,
        standing=standing,
        search=search,
        state=state,
        states=DeploymentState,
        paging=neighbours(total, shown),
    )


@pages.get("/zones/new/", endpoint="zone_new")
def show_new_zone() -> Response:
    """The form for a zone."""
    return page("zone_new.html", form=Form(request.args))


@pages.post("/zones/new/")
def create_zone() -> Response | Answer:
    """A new, empty zone."""
    form = sent_form()
    with form.refusing():
        zone = context().editor.create_zone(current_session().principal, form["domain"].strip())
        return go_to("console.zone", f"{print_domain(zone.name)} is made. Now add its records.", uuid=zone.uuid)
    return page("zone_new.html", 400, form=form)


@pages.get("/zones/<uuid:uuid>/settings/", endpoint="zone_settings")
def show_settings(uuid: UUID) -> Response:
    """What is set for the zone, and the way to its end."""
    zone = zone_at(uuid)
    values = {
        "default_ttl": str(zone.default_ttl),
        "comment": zone.comment,
        "protected": "yes" if zone.protected else "",
    }
    return page("zone_settings.html", zone=zone, form=Form(MultiDict(values)))


@pages.post("/zones/<uuid:uuid>/settings/")
def change_settings(uuid: UUID) -> Response | Answer:
    """Other settings."""
    zone, form = zone_at(uuid), sent_form()
    with form.refusing():
        settings = {
            "default_ttl": read_whole(form["default_ttl"], "default_ttl"),
            "comment": form["comment"],
            "protected": form["protected"] == "yes",
        }
        context().editor.change_zone(current_session().principal, uuid, settings)
        return go_to("console.zone_settings", "The settings are saved.", uuid=uuid)
    return page("zone_settings.html", 400, zone=zone, form=form)


@pages.get("/zones/<uuid:uuid>/delete/", endpoint="zone_delete")
def show_delete(uuid: UUID) -> Response:
    """What deleting means, and the form that asks for the domain."""
    return page("zone_delete.html", zone=zone_at(uuid), form=Form())


@pages.post("/zones/<uuid:uuid>/delete/")
def delete_zone(uuid: UUID) -> Response | Answer:
    """The zone is served no more; its domain had to be typed."""
    zone, form = zone_at(uuid), sent_form()
    with form.refusing():
        typed = form["domain"].strip().lower().removesuffix(".")
        if typed not in (print_domain(zone.name), print_unicode(zone.name)):
            raise InputError("type the domain of this zone to delete it", "domain")
        context().editor.delete_zone(current_session().principal, uuid)
        return go_to("console.zones", f"{print_domain(zone.name)} is deleted.")
    return page("zone_delete.html", 400, zone=zone, form=form)


def zone_at(uuid: UUID) -> Zone:
    """The zone of that uuid; NotFound when it is not one that the visitor may see."""
    with reading():
        return find_zone(uuid, current_session().principal.scope)


def _searched(text: str) -> str:
    """What is looked for among domains, which are kept as A-labels."""
    try:
        return text if text.isascii() else print_domain(parse_owner(text, dns.name.root))
    except InputError:
        return text


def read_whole(text: str, field: str) -> int:
    """The whole number that was typed."""
    digits = text.strip().removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise InputError("a whole number is expected", field)
    return int(text)
