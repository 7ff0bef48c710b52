"""A door answers in the time of its clients, which runs from the arrival of the request."""

from __future__ import annotations

import time
from pathlib import Path

from flask import g

from appliance.doors.seen import wait_until_seen
from appliance.store import zones
from appliance.web.context import reading
from appliance.zones.names import parse_domain
from tests.api.conftest import Application, counted, open_application


def reads_of_a_wait(application: Application, arrived_at: float, seconds: float) -> int:
    """Return how often the store was read for a zone that is never served."""
    with application.app.test_request_context(), counted() as statements:
        with reading():
            zone = zones.get_by_name(parse_domain("example.org"))
        assert zone
        g.arrived_at = arrived_at
        statements.clear()
        wait_until_seen([zone], seconds)
    return sum("deployment" in statement.lower() for statement in statements)


def test_the_time_that_a_change_took_is_not_waited_again(tmp_path: Path) -> None:
    application = open_application(tmp_path)
    application.bearer("me@example.org").zone("example.org")
    now = time.monotonic()
    once = reads_of_a_wait(application, now - 100, 50)
    assert once and reads_of_a_wait(application, now - 100, 102.5) > once
