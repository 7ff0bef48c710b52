"""The OpenAPI document and the page that shows it. The page loads nothing from other hosts and has no inline script."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flask
import flask_smorest
from flask import Flask, Response

from appliance import __version__
from appliance.api import (
    account,
    change_schemas,
    changes,
    dnssec,
    published_document,
    records,
    response_headers,
    schemas,
    versions,
    warnings,
    zonefile,
    zones,
)

ASSETS = Path(__file__).parent / "static" / "swagger-ui"
SHOWN_ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_INTRODUCTION = """Zones and records of an authoritative DNS service.

Every call needs the header `Authorization: Bearer vps_...`. Every error is a JSON object with `detail`, `error_code`
and `field`. Every write accepts the header `Prefer: wait=N` (1 to 60 seconds): the response is then delayed until every
nameserver serves the change, for at most N seconds, and its header `X-Deployment` has the result. A call that is
answered with 429 or 503 has changed nothing; repeat it after `Retry-After` seconds. Every path works with and without
its trailing slash."""

CALLS = (zones, dnssec, changes, versions, zonefile, warnings, records, account)
"""The modules whose blueprints have the calls, in the order of the document."""

pages = flask.Blueprint("document", __name__, url_prefix="/api/v1", template_folder="templates")


class Api(flask_smorest.Api):
    """flask-smorest with our error schema, and without its error handlers and documentation pages."""

    ERROR_SCHEMA = schemas.Error

    def _register_error_handlers(self) -> None:
        """Register none: the front door answers errors."""


def register(app: Flask) -> None:
    """Register the calls of the API and the pages of their OpenAPI document."""
    for module in CALLS:
        app.register_blueprint(module.blueprint)
    app.register_blueprint(pages)


@functools.cache
def document() -> Mapping[str, Any]:
    """Return the OpenAPI 3.1 document. It is created when it is first requested, which takes longer than a start."""
    app = Flask("appliance", static_folder=None)
    app.config |= {"API_TITLE": "DNS appliance", "API_VERSION": __version__, "OPENAPI_VERSION": "3.1.0"}
    api = Api(app, spec_kwargs={"info": {"description": _INTRODUCTION}, "security": [{"bearer": []}]})
    scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "vps_...", "description": "A token of an account."}
    api.spec.components.security_scheme("bearer", scheme)
    for name, parameter in response_headers.PARAMETERS.items():
        api.spec.components.parameter(name, "header", parameter)
    for schema in change_schemas.CHOICES:
        api.spec.components.schema(schema.__name__, schema=schema)
    for module in CALLS:
        api.register_blueprint(module.blueprint)
    return published_document.complete(api.spec.to_dict())


@pages.get("/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI 3.1 document."""
    return flask.jsonify(document())


@pages.get("/docs/")
def page() -> Response:
    """Return the interactive page."""
    response = flask.make_response(flask.render_template("docs.html"))
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


@pages.get("/docs/start.js")
def start() -> Response:
    """Return the script that starts the interactive page."""
    return Response(flask.render_template("docs.js"), mimetype="text/javascript")


@pages.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    """Return a file of Swagger UI."""
    if name not in SHOWN_ASSETS:
        flask.abort(404)
    response = flask.send_from_directory(ASSETS, name)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
