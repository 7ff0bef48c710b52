"""Idempotency-Key: a POST that is repeated gets the first response, and is not performed again.

The response is stored in the transaction of the write: there is one if and only if the write is stored. A refused
request and a dry run leave none. What is stored has no secret.
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
from appliance.api.response_headers import no_content
from appliance.errors import ApplianceError, InputError
from appliance.store import idempotency
from appliance.store.idempotency import Repeated, RequestKey, StoredResponse
from appliance.web.context import context, reading
from appliance.zones.model import Zone

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[!-~]{1,255}")
View = TypeVar("View", bound=Callable[..., Any])
Result = TypeVar("Result")


def idempotent(view: View) -> View:
    """Answer a repeated request with the first response. Use it as the last decorator: it needs the parsed body.

    The view passes what `remember` or `remember_within` returns to the function that writes.
    """
    return completed(lambda body: body)(view)


def completed(complete: Callable[[str], str]) -> Callable[[View], View]:
    """Do as `idempotent`; `complete` makes the body of the first response from what is stored of it."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def once(self: object, *arguments: Any, **path: str) -> Any:  # noqa: ANN401 - as the view has it
            if HEADER not in request.headers or any(part.get("dry_run") for part in arguments):
                return view(self, *arguments, **path)
            g.request_key = key = _request_key(arguments)
            try:
                return _first_response(key, complete) or view(self, *arguments, **path)
            except (Repeated, ApplianceError):  # the first request may have been stored while this one was evaluated
                if first := _first_response(key, complete):
                    return first
                raise

        return cast(View, once)

    return decorate


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


def remember_within(render: Callable[[Result], StoredResponse]) -> Callable[[Result], None]:
    """Return what is called in the transaction of a write, with its result, and stores the response to it.

    For results that are known only there. Without a key nothing is stored.
    """
    key: RequestKey | None = g.get("request_key")

    def store(result: Result) -> None:
        if key is not None:
            idempotency.insert(key, render(result), context().clock())

    return store


def _request_key(arguments: tuple[Any, ...]) -> RequestKey:
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise InputError(f"{HEADER} must have 1 to 255 printable ASCII characters without spaces, not {key!r}")
    requested = json.dumps(arguments, default=str, sort_keys=True)
    digest = hashlib.sha256(requested.encode(errors="surrogatepass")).hexdigest()
    return RequestKey(token().uuid, request.path, key, digest)


def _first_response(key: RequestKey, complete: Callable[[str], str]) -> Response | None:
    with reading():
        stored = idempotency.find(key, context().clock())
    if stored is None:
        return None
    headers = {**stored.headers, REPLAYED: "true"}
    if not stored.body:
        return no_content(headers)
    return Response(complete(stored.body), stored.status, headers, mimetype="application/json")
