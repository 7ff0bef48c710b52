"""The OpenAPI document, and the page that shows it: our own assets, no other host, no inline script."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import flask
import flask_smorest
from apispec import APISpec
from flask import Flask, Response

from appliance import __version__
from appliance.api import account, records, response_headers, schemas, zones

ASSETS = Path(__file__).parent / "static" / "swagger-ui"
SHOWN_ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_INTRODUCTION = """Zones and records of an authoritative DNS service.

Every call needs `Authorization: Bearer vps_...`. Every error is `{"detail", "error_code", "field"}`.
Any write takes `Prefer: wait=N` (1 to 60 seconds): the answer then comes when every nameserver is seen serving
the change, and the header `X-Deployment` says how it ended. A call that is refused with 429 or 503 changed nothing
and may be tried again after `Retry-After` seconds. Paths work with and without their final slash."""

pages = flask.Blueprint("document", __name__, url_prefix="/api/v1", template_folder="templates")


class Api(flask_smorest.Api):
    """flask-smorest with our shape of errors; its own error handler and documentation pages are not used."""

    ERROR_SCHEMA = schemas.Error

    def _register_error_handlers(self) -> None:
        """Errors are answered by the front door."""


def register(app: Flask) -> None:
    """Register every call of the API, and the document of them all."""
    app.config |= {"API_TITLE": "DNS appliance", "API_VERSION": __version__, "OPENAPI_VERSION": "3.1.0"}
    api = Api(app, spec_kwargs={"info": {"description": _INTRODUCTION}, "security": [{"bearer": []}]})
    scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "vps_...", "description": "A token of the account."}
    api.spec.components.security_scheme("bearer", scheme)
    api.spec.components.parameter(response_headers.PREFER, "header", response_headers.PREFER_PARAMETER)
    for blueprint in (zones.blueprint, records.blueprint, account.blueprint):
        api.register_blueprint(blueprint)
    app.extensions["openapi-document"] = functools.cache(lambda: _document(api.spec))
    app.register_blueprint(pages)


@pages.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    document: Response = flask.jsonify(flask.current_app.extensions["openapi-document"]())
    return document


@pages.get("/docs/")
def page() -> Response:
    """The interactive page."""
    answer = flask.make_response(flask.render_template("docs.html"))
    answer.headers["Content-Security-Policy"] = PAGE_POLICY
    return answer


@pages.get("/docs/start.js")
def start() -> Response:
    """What starts the interactive page."""
    return Response(flask.render_template("docs.js"), mimetype="text/javascript")


@pages.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    """A part of Swagger UI."""
    if name not in SHOWN_ASSETS:
        flask.abort(404)
    answer = flask.send_from_directory(ASSETS, name)
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def _document(spec: APISpec) -> dict[str, Any]:
    document: dict[str, Any] = spec.to_dict()
    for passing in ("TOO_MANY_REQUESTS", "SERVICE_UNAVAILABLE"):
        document["components"]["responses"][passing]["headers"] = response_headers.RETRY_HEADER
    return document
