"""The first responses to requests with an Idempotency-Key: stored with their write, in its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import peewee as pw

from appliance.errors import IdempotencyConflict
from appliance.store import tables

RETENTION = timedelta(hours=24)
"""How long a key belongs to its first request."""


class Repeated(Exception):
    """Another request with the same key was stored meanwhile."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key of a request, which belongs to a token and a path, and a digest of what was requested."""

    token: UUID
    path: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response: status, headers, and JSON text."""

    status: int
    headers: Mapping[str, str]
    body: str


def find(request: RequestKey, now: datetime) -> StoredResponse | None:
    """Return the response to the first request with that key; raise IdempotencyConflict if that requested other."""
    row = tables.Idempotency.get_or_none(*_is(request), tables.Idempotency.created_at > now - RETENTION)
    if row is None:
        return None
    if row.digest != request.digest:
        raise IdempotencyConflict(
            f"the Idempotency-Key {request.key!r} was used for another request to this path less than 24 hours ago: "
            "use a new key"
        )
    return StoredResponse(row.status, row.headers, row.body)


def insert(request: RequestKey, response: StoredResponse, now: datetime) -> None:
    """Store a response in the transaction of this thread; raise Repeated if there is one for that key."""
    row = tables.Idempotency
    row.delete().where(*_is(request), row.created_at <= now - RETENTION).execute()
    try:
        row.create(
            token=request.token,
            path=request.path,
            key=request.key,
            digest=request.digest,
            status=response.status,
            headers=dict(response.headers),
            body=response.body,
            created_at=now,
        )
    except pw.IntegrityError:
        raise Repeated from None


def _is(request: RequestKey) -> tuple[pw.Expression, ...]:
    row = tables.Idempotency
    return row.token == request.token, row.path == request.path, row.key == request.key
