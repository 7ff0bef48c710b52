"""What is really served of a zone: the state at each nameserver, questions asked now, and what the parent says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import dns.name
import flask
from dns.rdatatype import RdataType
from flask import Response, request
from werkzeug.exceptions import ServiceUnavailable

from appliance.addresses import Nameserver
from appliance.console.forms import Form
from appliance.console.pages import page, pages
from appliance.console.zones import zone_at
from appliance.errors import InputError
from appliance.queries.delegation import Delegation, find_delegation
from appliance.queries.lookup import LookupResponse, query_each
from appliance.store import deployments
from appliance.web.context import context, reading
from appliance.zones.names import parse_owner, print_domain
from appliance.zones.rdata import TYPES

ASKED = ("SOA", *(rdtype.name for rdtype in TYPES))
"""Types that may be asked for."""


@pages.get("/zones/<uuid:uuid>/served/", endpoint="served")
def show_served(uuid: UUID) -> Response:
    """The panel alone, for the page that asks for it again and again."""
    zone = zone_at(uuid)
    with reading():
        deployment = deployments.of_zones([zone], context().nameservers)[zone.uuid]
    return flask.make_response(flask.render_template("served.html", zone=zone, deployment=deployment))


@pages.get("/zones/<uuid:uuid>/ask/", endpoint="ask")
def show_answers(uuid: UUID) -> Response:
    """The answers of every nameserver, side by side, to a question about a name in the zone."""
    zone, form = zone_at(uuid), Form(request.args)
    replies: Sequence[LookupResponse] = ()
    if "name" in request.args:
        with form.refusing():
            name = parse_owner(form["name"].strip(), zone.name)
            if form["type"] not in ASKED:
                raise InputError("choose one of these types", "type")
            with _seat():
                replies = query_each(_nameservers(), name, RdataType[form["type"]])
    return page("ask.html", 400 if form.errors else 200, zone=zone, form=form, types=ASKED, replies=replies)


@pages.get("/zones/<uuid:uuid>/delegation/", endpoint="delegation")
def show_delegation(uuid: UUID) -> Response:
    """What the parent zone says of the zone, where a resolver is set."""
    zone, resolver = zone_at(uuid), context().settings.dns.resolver
    found: Delegation | None = None
    if resolver:
        with _seat():
            found = find_delegation(zone.name, Nameserver("resolver", resolver))
    return page("delegation.html", zone=zone, found=found, published=_published(found), ours=context().nameservers)


@contextmanager
def _seat() -> Iterator[None]:
    """A place among the requests that may wait: they never take all threads."""
    with context().deployment_wait.slot() as taken:
        if not taken:
            raise ServiceUnavailable("Too many others wait for answers now. Try again in a moment.")
        yield


def _published(found: Delegation | None) -> dict[str, bool]:
    """Each nameserver that is ours or that the parent names, and whether the parent names it."""
    theirs = found.servers if found else frozenset()
    return {print_domain(name): name in theirs for name in sorted({*_wanted(), *theirs})}


def _wanted() -> list[dns.name.Name]:
    return [dns.name.from_text(name) for name in context().nameservers]


def _nameservers() -> list[Nameserver]:
    return list(context().settings.dns.nameservers)
