"""Calls about the server: there is one, named localhost, of a version that clients know."""

from __future__ import annotations

from flask import Blueprint, Response

from appliance.doors.powerdns.responses import json_response, not_implemented
from appliance.errors import NotFound

VERSION = "4.9.12"
"""The version whose API this is; clients choose by it what they call."""
SERVER = "/api/v1/servers/localhost"
_DOCUMENT = {
    "config_url": f"{SERVER}/config{{/config_setting}}",
    "daemon_type": "authoritative",
    "id": "localhost",
    "type": "Server",
    "url": SERVER,
    "version": VERSION,
    "zones_url": f"{SERVER}/zones{{/zone}}",
}
_UNSUPPORTED = ("search-data", "cache/flush", "tsigkeys", "autoprimaries")


def add_routes(blueprint: Blueprint) -> None:
    """Add the routes of these calls."""
    blueprint.get("/api/")(_versions)
    blueprint.get("/api/v1/servers/")(_servers)
    blueprint.get("/api/v1/servers/<string:server>/")(_server)
    blueprint.get(f"{SERVER}/config/")(_nothing)
    blueprint.get(f"{SERVER}/statistics/")(_nothing)
    for path in _UNSUPPORTED:
        blueprint.route(f"{SERVER}/{path}/", methods=["GET", "POST", "PUT"], endpoint=path.replace("/", "-"))(
            not_implemented
        )


def _versions() -> Response:
    return json_response([{"url": "/api/v1", "version": 1}])


def _servers() -> Response:
    return json_response([_DOCUMENT])


def _server(server: str) -> Response:
    if server != _DOCUMENT["id"]:
        raise NotFound(f"there is no server {server!r}, only localhost")
    return json_response(_DOCUMENT)


def _nothing() -> Response:
    return json_response([])
