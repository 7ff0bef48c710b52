"""`/healthz`, `/readyz` and `/metrics`: how the appliance itself is."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import Unauthorized

from appliance.troubles import MOST_NAMED, Trouble, find_troubles
from appliance.web.bearer import is_operators_request
from appliance.web.error_responses import error_answer
from appliance.web.parts import open_connection, parts, reading
from appliance.web.refusals import RETRY_AFTER

log = logging.getLogger(__name__)

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
    named = is_operators_request()
    parts().store.assert_writable()
    with reading():
        troubles = find_troubles(parts().nameservers, parts().clock())
    for trouble in troubles:
        if trouble.kind == "deployer":
            log.error("event=trouble subject=%s text=%r do=%r", trouble.subject, trouble.text, trouble.remedy)
            return error_answer(503, trouble.text, headers=[("Retry-After", RETRY_AFTER)])
    return jsonify({"status": "ready", "degraded": list(_told(troubles, named=named))})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text, for this machine and for operators."""
    if not is_operators_request():
        raise Unauthorized("metrics are for this machine, or for a token with admin:*")
    with reading():
        text = generate_latest(parts().registry)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _told(troubles: Sequence[Trouble], *, named: bool) -> Iterator[str]:
    """The troubles in words; zones as a number alone where they are not to be named."""
    yield from (trouble.text for trouble in troubles if named or trouble.kind == "nameserver")
    others = [trouble for trouble in troubles if trouble.kind in ("zone", "stray")]
    if others and not named:
        more = "or more " if len(others) >= MOST_NAMED else ""
        yield f"{len(others)} {more}zones are not as they should be"
