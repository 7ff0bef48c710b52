"""A door answers in the time of its clients, which runs from the arrival of the request."""

from __future__ import annotations

import time
from pathlib import Path

from flask import g

from appliance.doors.seen import wait_until_seen
from appliance.store import zones
from appliance.web.context import reading
from appliance.zones.names import parse_domain
from tests.api.conftest import counted, open_application


def test_the_time_that_a_change_took_is_not_waited_again(tmp_path: Path) -> None:
    application = open_application(tmp_path)
    application.bearer("me@example.org").zone("example.org")
    with application.app.test_request_context(), counted() as statements:
        with reading():
            zone = zones.get_by_name(parse_domain("example.org"))
        assert zone
        statements.clear()
        application.deployment_wait.current(zone)
        g.arrived_at = time.monotonic() - 100
        wait_until_seen([zone], 50)
    reads = [statement for statement in statements if 'FROM "deployment"' in statement]
    assert len(reads) == 2 and reads[0] == reads[1]
