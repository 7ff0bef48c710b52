"""The front door of the API: authentication of requests, and the permission that each call needs."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast

from flask import Response, g, request

from appliance.api import response_headers
from appliance.errors import AuthenticationFailed, InputError
from appliance.principal import Principal, Token
from appliance.web import error_responses
from appliance.web.bearer import authenticate_bearer
from appliance.web.front_doors import MAX_BODY, FrontDoor

PREFIX = "/api/v1"
LARGE_BODY = 32 * 1024 * 1024
"""Octets of the body of a call that takes whole zones."""
_TAKES_ZONES = re.compile(rf"POST {PREFIX}/dns-zones/?|(POST|PUT) {PREFIX}/dns-zones/[^/]+/(changes|zonefile)/?")
OPEN = (f"{PREFIX}/openapi.json", f"{PREFIX}/docs/")
"""Paths that need no token: the OpenAPI document and the page that shows it. No trailing slash is added to them."""

View = TypeVar("View", bound=Callable[..., Any])


def authenticate() -> None:
    """Set the principal of this request; raise AuthenticationFailed unless it has a valid token."""
    g.principal = authenticate_bearer()


def answer_error(error: Exception) -> Response:
    """Return an error as JSON, with `WWW-Authenticate` if there is no valid token."""
    response = error_responses.answer_error(error)
    if isinstance(error, AuthenticationFailed):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def max_body(method: str, path: str) -> int:
    """Return the octets that the body of a call may have."""
    return LARGE_BODY if _TAKES_ZONES.fullmatch(f"{method} {path}") else MAX_BODY


DOOR = FrontDoor((PREFIX,), answer_error, authenticate, open_paths=OPEN, adds_slash=True, body_limit=max_body)
"""It claims all paths below the prefix, also those that do not exist."""


def local_door(local: Principal) -> FrontDoor:
    """Return the same door for an application in the process of a command on this host, where `local` sends each call.

    An application that is served has no such door.
    """

    def admit() -> None:
        g.principal = local

    return replace(DOOR, authenticate=admit)


def principal() -> Principal:
    """Return the principal of this request."""
    return cast(Principal, g.principal)


def token() -> Token:
    """Return the token of this request."""
    return cast(Token, principal().token)


def without_unread(shown: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a write of `body` shows of an object: without permission to read, its uuid and the sent fields."""
    if principal().may("dns:list", "dns:read"):
        return shown
    sent = {name for name, value in body.items() if value is not None}
    return {name: value for name, value in shown.items() if name == "uuid" or name in sent}


def needs(*permissions: str, right: str | None = None) -> Callable[[View], View]:
    """Require one of the permissions for a view, or any valid token if none is given. Use it as the first decorator.

    `right` is a right of tokens, such as `create_zones`, that replaces the permissions where a token has it. The
    permission is checked before the body is read. A view without query parameters refuses all of them.
    """

    def decorate(view: View) -> View:
        documented = getattr(view, "_apidoc", {})
        takes_query = any(
            parameter.get("in") == "query" for parameter in documented.get("arguments", {}).get("parameters", ())
        )

        @functools.wraps(view)
        def permitted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the view has it
            if not (right and getattr(principal().limits, right)):
                principal().require(*permissions)
            if request.args and not takes_query:
                name = next(iter(request.args))
                raise InputError(f"{name!r} is not a query parameter of this call", name)
            return view(*args, **kwargs)

        permitted.permissions = permissions  # type: ignore[attr-defined]
        permitted._apidoc = _documented(view.__name__, documented, permissions)  # type: ignore[attr-defined] # noqa: SLF001 - flask-smorest's
        return cast(View, permitted)

    return decorate


def _documented(method: str, documented: dict[str, Any], permissions: tuple[str, ...]) -> dict[str, Any]:
    """Return the OpenAPI data of a view, with its permissions and the errors that every call may answer."""
    manual = documented.get("manual_doc", {})
    takes_body = any(
        parameter.get("in") == "json" for parameter in documented.get("arguments", {}).get("parameters", ())
    )
    parameters = manual.get("parameters", [])
    is_write, is_post = response_headers.PREFER in parameters, method == "post"
    if is_write:
        repeatable = [response_headers.IDEMPOTENCY_KEY] if is_post else []
        parameters = [*parameters, response_headers.IF_MATCH, *repeatable]
    responses = {
        "400": "BAD_REQUEST",
        "401": "UNAUTHORIZED",
        **({"403": "FORBIDDEN"} if permissions else {}),
        **({"413": "REQUEST_ENTITY_TOO_LARGE", "415": "UNSUPPORTED_MEDIA_TYPE"} if takes_body else {}),
        **({"412": "PRECONDITION_FAILED"} if is_write else {}),
        **({"409": "CONFLICT"} if is_write and is_post else {}),
        "429": "TOO_MANY_REQUESTS",
        "500": "INTERNAL_SERVER_ERROR",
        "503": "SERVICE_UNAVAILABLE",
        **manual.get("responses", {}),
    }
    needed = f"Needs the permission `{'` or `'.join(permissions)}`." if permissions else "Any valid token is accepted."
    described = {**manual, "description": needed, "parameters": parameters, "responses": responses}
    return {**documented, "manual_doc": described}
