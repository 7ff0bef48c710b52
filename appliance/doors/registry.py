"""All doors over HTTP: those that are on serve their paths, those that are off answer 404 there."""

from __future__ import annotations

from flask import Blueprint, Flask

from appliance.doors import acme_dns, dyndns2, external_dns, httpreq, powerdns
from appliance.doors.door import Door
from appliance.settings import DoorsSettings
from appliance.web.front_doors import doors_of

DOORS: tuple[Door, ...] = (powerdns.DOOR, httpreq.DOOR, dyndns2.DOOR, acme_dns.DOOR, external_dns.DOOR)


def register(app: Flask, settings: DoorsSettings) -> None:
    """Claim the paths of every door; the endpoints of all of them begin with `doors.`"""
    blueprint = Blueprint("doors", __name__)
    for door in DOORS:
        if getattr(settings, door.key):
            blueprint.register_blueprint(door.blueprint)
            doors_of(app).claim(door.opened())
        else:
            doors_of(app).claim(door.closed())
    app.register_blueprint(blueprint)
