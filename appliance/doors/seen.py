"""Waiting until every nameserver is seen serving changes, at most as long as the clients of a door wait."""

from __future__ import annotations

import time
from collections.abc import Iterable

from flask import g

from appliance.web.context import context
from appliance.zones.model import Zone


def wait_until_seen(zones: Iterable[Zone], seconds: float, *, with_above: bool = False) -> None:
    """Wait until the zones are served as they are after a write, at most until `seconds` after the request came.

    Return at once if too many requests wait. What was written is stored either way. `with_above`: also wait for the
    zones above, which delegate them.
    """
    deadline = g.arrived_at + seconds
    wait = context().deployment_wait
    for zone in zones:
        with wait.slot(zone.account) as is_free:
            if is_free:
                wait.until_settled(zone, max(0.0, deadline - time.monotonic()), with_above=with_above)
