"""`/healthz`, `/readyz` and `/metrics`: the health of the appliance itself."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import cast

from flask import Blueprint, Flask, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from appliance.errors import AuthenticationFailed
from appliance.problems import MOST_NAMED, Problem
from appliance.web.bearer import is_operators_request
from appliance.web.context import context, open_connection, reading
from appliance.web.error_responses import error_response
from appliance.web.error_status import RETRY_AFTER
from appliance.web.readiness import Readiness

log = logging.getLogger(__name__)

blueprint = Blueprint("health", __name__)

_KEY = "dns-appliance-readiness"


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer 200: the process is up."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 with every problem if writes are stored and deployed, else 503 with the reason.

    Operators and this machine see the problems; others see only their number.
    """
    open_connection()
    show_all = is_operators_request()
    problems = _readiness().problems()
    for problem in problems:
        if problem.kind == "deployer":
            log.error("event=problem subject=%s text=%r remedy=%r", problem.subject, problem.text, problem.remedy)
            detail = problem.text if show_all else "the deployer does not report"
            return error_response(503, detail, headers=[("Retry-After", RETRY_AFTER)])
    degraded = [problem.text for problem in problems] if show_all else _counted(problems)
    return jsonify({"status": "ready", "degraded": degraded})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Answer with the metrics in the Prometheus text format, to this machine and to operators."""
    if not is_operators_request():
        raise AuthenticationFailed("/metrics requires a request from loopback, or a token with admin:*")
    with reading():
        text = generate_latest(context().registry)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def register(app: Flask, readiness: Readiness) -> None:
    """Add the three routes to the application."""
    app.extensions[_KEY] = readiness
    app.register_blueprint(blueprint)


def _readiness() -> Readiness:
    return cast(Readiness, current_app.extensions[_KEY])


def _counted(problems: Sequence[Problem]) -> list[str]:
    """Return the number of problems as text, without the problems; `or more` if the list may be cut."""
    if not problems:
        return []
    more = " or more" if len(problems) >= MOST_NAMED else ""
    return [f"{len(problems)}{more} {'problem' if len(problems) == 1 else 'problems'}"]
