"""`/healthz`, `/readyz` and `/metrics`: how the appliance itself is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import cast

from flask import Blueprint, Flask, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import Unauthorized

from appliance.problems import MOST_NAMED, Problem
from appliance.web.bearer import is_operators_request
from appliance.web.context import context, open_connection, reading
from appliance.web.error_responses import error_answer
from appliance.web.error_status import RETRY_AFTER
from appliance.web.readiness import Readiness

log = logging.getLogger(__name__)

blueprint = Blueprint("health", __name__)

_KEY = "dns-appliance-readiness"


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process is up."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 while writes are stored and deployed, with every problem; else 503 with the reason.

    Operators and this machine see the problems; others see how many there are.
    """
    open_connection()
    named = is_operators_request()
    problems = _readiness().problems()
    for problem in problems:
        if problem.kind == "deployer":
            log.error("event=problem subject=%s text=%r do=%r", problem.subject, problem.text, problem.remedy)
            return error_answer(503, problem.text, headers=[("Retry-After", RETRY_AFTER)])
    degraded = [problem.text for problem in problems] if named else _counted(problems)
    return jsonify({"status": "ready", "degraded": degraded})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text, for this machine and for operators."""
    if not is_operators_request():
        raise Unauthorized("metrics are for this machine, or for a token with admin:*")
    with reading():
        text = generate_latest(context().registry)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def register(app: Flask, readiness: Readiness) -> None:
    """Add the three addresses to the application."""
    app.extensions[_KEY] = readiness
    app.register_blueprint(blueprint)


def _readiness() -> Readiness:
    return cast(Readiness, current_app.extensions[_KEY])


def _counted(problems: Sequence[Problem]) -> list[str]:
    """How many there are; a list that was cut short names no number above its length."""
    if not problems:
        return []
    more = " or more" if len(problems) >= MOST_NAMED else ""
    return [f"{len(problems)}{more} {'problem' if len(problems) == 1 else 'problems'}"]
