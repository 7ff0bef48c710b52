"""The first responses to requests with an Idempotency-Key: stored with their write, in its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import peewee as pw

from appliance.errors import IdempotencyConflict
from appliance.store import tables
from appliance.store.prepared import PreparedSelect, PreparedWrite

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
    row = _kept.first(request.token, request.path, request.key, now - RETENTION)
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
    _delete(request.token, request.path, request.key, now - RETENTION)
    try:
        _insert(
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


@PreparedSelect
def _kept(token: UUID, path: str, key: str, since: datetime) -> pw.ModelSelect[tables.Idempotency]:
    row = tables.Idempotency
    return row.select().where(row.token == token, row.path == path, row.key == key, row.created_at > since)


@PreparedWrite
def _delete(token: UUID, path: str, key: str, until: datetime) -> pw.ModelDelete:
    row = tables.Idempotency
    return row.delete().where(row.token == token, row.path == path, row.key == key, row.created_at <= until)


@PreparedWrite
def _insert(**columns: object) -> pw.ModelInsert:
    return tables.Idempotency.insert(columns)
