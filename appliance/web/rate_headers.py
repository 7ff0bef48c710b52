"""The headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) of responses of the API.

The policy is the sustained rate; a burst above it is a courtesy, which they do not show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from flask import Response, g

from appliance.errors import RateLimited
from appliance.web.context import context
from appliance.web.rate_limits import TOKEN


@dataclass(frozen=True, slots=True)
class _Shown:
    """A policy: its name, the events it allows a second, how many are left, and in how many seconds there are more."""

    policy: str
    quota: int
    left: int
    seconds: int


def note_request(token: UUID) -> None:
    """Show in the response how many requests the token has left."""
    requests = context().limits.requests
    quota = int(requests.per_second)
    if quota:
        g.rate = _Shown(TOKEN, quota, min(requests.left(token), quota - 1), 1)


def note_refusal(error: RateLimited) -> None:
    """Show in the response the policy that refused the request."""
    if error.policy:
        rate = context().limits.policies()[error.policy]
        g.rate = _Shown(error.policy, int(rate.per_second), 0, error.retry_after)


def add(response: Response) -> Response:
    """Add the headers to the response of this request."""
    shown = cast(_Shown | None, g.get("rate"))
    if shown:
        response.headers["RateLimit-Policy"] = f'"{shown.policy}";q={shown.quota};w=1'
        response.headers["RateLimit"] = f'"{shown.policy}";r={shown.left};t={shown.seconds}'
    return response
