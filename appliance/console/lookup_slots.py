"""The limits on pages that wait for DNS servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.exceptions import ServiceUnavailable

from appliance.console.session import current_session
from appliance.web.context import context


@contextmanager
def lookup_slot() -> Iterator[None]:
    """Hold one of the slots for requests that wait; raise ServiceUnavailable if none is free, or RateLimited."""
    account = current_session().account.uuid
    context().limits.count_lookup(account)
    with context().deployment_wait.slot(account) as is_free:
        if not is_free:
            raise ServiceUnavailable("Too many lookups are running. Try again in a moment.")
        yield
