"""The deployment of a zone: its state at each nameserver, lookups, and its delegation by the parent zone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import dns.name
import flask
from dns.rdatatype import RdataType
from flask import Response, request

from appliance.addresses import Nameserver
from appliance.console.forms import Form
from appliance.console.lookup_slots import lookup_slot
from appliance.console.pages import pages, render_page
from appliance.console.zones import get_zone
from appliance.errors import InputError
from appliance.queries.delegation import Delegation, find_delegation
from appliance.queries.lookup import LookupResponse, query_each
from appliance.store import delegations, deployments
from appliance.web.context import context, reading
from appliance.zones.names import parse_owner, print_domain
from appliance.zones.rdata import TYPES

QUERY_TYPES = ("SOA", *(rdtype.name for rdtype in TYPES))
"""Record types that a lookup may query."""


@pages.get("/zones/<uuid:uuid>/served/", endpoint="deployment")
def show_deployment(uuid: UUID) -> Response:
    """Return the deployment panel alone, for the script that polls it."""
    zone = get_zone(uuid)
    with reading():
        deployment = deployments.of_zones([zone], context().nameservers)[zone.uuid]
    return flask.make_response(flask.render_template("deployment.html", zone=zone, deployment=deployment))


@pages.get("/zones/<uuid:uuid>/ask/", endpoint="lookup")
def show_lookup(uuid: UUID) -> Response:
    """Query every nameserver for a name in the zone, and show the responses side by side."""
    zone, form = get_zone(uuid), Form(request.args)
    replies: Sequence[LookupResponse] = ()
    if "name" in request.args:
        with form.collecting_errors():
            name = parse_owner(form["name"].strip(), zone.name)
            if form["type"] not in QUERY_TYPES:
                raise InputError("choose one of the listed types", "type")
            with lookup_slot():
                replies = query_each(_nameservers(), name, RdataType[form["type"]])
    return render_page(
        "lookup.html", 400 if form.errors else 200, zone=zone, form=form, types=QUERY_TYPES, replies=replies
    )


@pages.get("/zones/<uuid:uuid>/delegation/", endpoint="delegation")
def show_delegation(uuid: UUID) -> Response:
    """Show the delegation in the parent zone, if a resolver is configured."""
    zone, resolver = get_zone(uuid), context().settings.dns.resolver
    with reading():
        above = delegations.parents_of([zone]).get(zone.uuid)
    found: Delegation | None = None
    if resolver:
        with lookup_slot():
            found = find_delegation(zone.name, Nameserver("resolver", resolver))
    return render_page(
        "delegation.html",
        zone=zone,
        found=found,
        parent=print_domain(above.name) if above else "",
        delegated=_delegated(found),
        own_nameservers=context().nameservers,
    )


def _delegated(found: Delegation | None) -> dict[str, bool]:
    """Return the nameservers of the appliance and of the parent zone, and whether the parent zone delegates to each."""
    servers = found.servers if found else frozenset()
    return {print_domain(name): name in servers for name in sorted({*_own_nameservers(), *servers})}


def _own_nameservers() -> list[dns.name.Name]:
    return [dns.name.from_text(name) for name in context().nameservers]


def _nameservers() -> list[Nameserver]:
    return list(context().settings.dns.nameservers)
