"""Idempotency-Key: a POST that is repeated gets the first response, and is not performed again.

The response is stored in the transaction of the write: there is one if and only if the write is stored. A refused
request and a dry run leave none.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Response, g, request

from appliance.api.auth import token
from appliance.errors import InputError
from appliance.store import idempotency
from appliance.store.idempotency import Repeated, RequestKey, StoredResponse
from appliance.web.context import context, reading
from appliance.zones.model import Zone

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[!-~]{1,255}")
View = TypeVar("View", bound=Callable[..., Any])


def idempotent(view: View) -> View:
    """Answer a repeated request with the first response. Use it as the last decorator: it needs the parsed body.

    The view passes what `remember` returns to the Editor.
    """

    @functools.wraps(view)
    def once(self: object, *arguments: Any, **path: str) -> Any:  # noqa: ANN401 - as the view has it
        if HEADER not in request.headers or any(part.get("dry_run") for part in arguments):
            return view(self, *arguments, **path)
        g.request_key = key = _request_key(arguments)
        try:
            return _first_response(key) or view(self, *arguments, **path)
        except Repeated:
            return _first_response(key)

    return cast(View, once)


def remember(render: Callable[..., StoredResponse]) -> Callable[..., Callable[[Zone], None]] | None:
    """Return what the Editor calls with the result of a write, None if the request has no key.

    What that returns stores the response that `render` makes of the result; it is called in the transaction.
    """
    key: RequestKey | None = g.get("request_key")
    if key is None:
        return None

    def prepare(*result: Any) -> Callable[[Zone], None]:  # noqa: ANN401 - whatever the write results in
        response = render(*result)
        return lambda _zone: idempotency.insert(key, response, context().clock())

    return prepare


def refuse_key() -> None:
    """Raise InputError if the request has a key, where its response must not be stored."""
    if HEADER in request.headers:
        raise InputError(f"{HEADER} is not accepted here: the response has a secret, which is not stored")


def _request_key(arguments: tuple[Any, ...]) -> RequestKey:
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise InputError(f"{HEADER} must have 1 to 255 printable ASCII characters without spaces, not {key!r}")
    requested = json.dumps(arguments, default=str, sort_keys=True)
    digest = hashlib.sha256(requested.encode(errors="surrogatepass")).hexdigest()
    return RequestKey(token().uuid, request.path, key, digest)


def _first_response(key: RequestKey) -> Response | None:
    with reading():
        stored = idempotency.find(key, context().clock())
    if stored is None:
        return None
    headers = {**stored.headers, REPLAYED: "true"}
    return Response(stored.body, stored.status, headers, mimetype="application/json")
