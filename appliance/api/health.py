"""`/healthz`, `/readyz` and `/metrics`: how the appliance itself is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import Unauthorized

from appliance.api.access import is_operators_request
from appliance.api.errors import RETRY_AFTER, error_answer
from appliance.api.parts import open_connection, parts, reading
from appliance.store import outcomes
from appliance.zones.names import print_domain

DEPLOYER_SILENT_AFTER = timedelta(seconds=10)
DEGRADED_AFTER = timedelta(seconds=60)
MAX_NAMED = 100
"""Zones that are told by name."""

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process is up."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 while writes are stored and deployed, with all that is less than well; else 503 with the reason.

    Zones are named to operators and to this machine; others are told how many.
    """
    open_connection()
    parts().store.assert_writable()
    named = is_operators_request()
    with reading():
        turned_at = outcomes.turned_at()
        now = parts().clock()
        if turned_at is None or now - turned_at > DEPLOYER_SILENT_AFTER:
            since = "has never turned" if turned_at is None else f"has not turned for {_seconds(now - turned_at)} s"
            return error_answer(503, f"the deployer {since}", headers=[("Retry-After", RETRY_AFTER)])
        degraded = [*_late_zones(now, named=named), *_silent_nameservers()]
    return jsonify({"status": "ready", "degraded": degraded})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text, for this machine and for operators."""
    if not is_operators_request():
        raise Unauthorized("metrics are for this machine, or for a token with admin:*")
    with reading():
        text = generate_latest(parts().registry)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _late_zones(now: datetime, *, named: bool) -> Iterator[str]:
    late = [(name, now - since) for name, since in outcomes.not_live(MAX_NAMED) if now - since > DEGRADED_AFTER]
    if named:
        yield from (f"zone {print_domain(name)} is not live after {_seconds(age)} s" for name, age in late)
    elif late:
        more = "or more " if len(late) == MAX_NAMED else ""
        yield f"{len(late)} {more}zones are not live after {_seconds(DEGRADED_AFTER)} s"


def _silent_nameservers() -> Iterator[str]:
    reaches = outcomes.reaches_of_nameservers()
    for name in parts().nameservers:
        if name in reaches and reaches[name].unreachable:
            yield f"nameserver {name} is unreachable"


def _seconds(age: timedelta) -> int:
    return int(age.total_seconds())
