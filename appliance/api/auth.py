"""Who asks, and whether they may: the front door of the API, and the permission that each call needs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Response, g, request

from appliance.errors import AuthenticationFailed, InputError
from appliance.principal import Principal, Token
from appliance.web import error_responses
from appliance.web.bearer import authenticate_bearer
from appliance.web.front_doors import FrontDoor

PREFIX = "/api/v1"
OPEN = (f"{PREFIX}/openapi.json", f"{PREFIX}/docs/")
"""What everyone may read: the document and the page that shows it. These are files, and end in no slash."""

View = TypeVar("View", bound=Callable[..., Any])


def authenticate() -> None:
    """Find out who this request is from; AuthenticationFailed unless it bears a valid token."""
    g.principal = authenticate_bearer()


def answer_error(error: Exception) -> Response:
    """Return an error in the one shape, with the scheme of authentication where a valid token is missing."""
    answer = error_responses.answer_error(error)
    if isinstance(error, AuthenticationFailed):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


DOOR = FrontDoor((PREFIX,), answer_error, authenticate, open_paths=OPEN, adds_slash=True)
"""All paths below the prefix, whether or not there is anything."""


def principal() -> Principal:
    """Return who this request is from."""
    return cast(Principal, g.principal)


def token() -> Token:
    """Return the token that this request was made with."""
    return cast(Token, principal().token)


def needs(*permissions: str) -> Callable[[View], View]:
    """Mark a view as needing one of these permissions, none: any token; it stands above all other decorators.

    403 comes before the body is looked at. A view that takes no query parameters refuses them all.
    """

    def decorate(view: View) -> View:
        documented = getattr(view, "_apidoc", {})
        takes_query = any(one.get("in") == "query" for one in documented.get("arguments", {}).get("parameters", ()))

        @functools.wraps(view)
        def permitted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the view has it
            principal().require(*permissions)
            if request.args and not takes_query:
                name = next(iter(request.args))
                raise InputError(f"{name} is not a query parameter of this call", name)
            return view(*args, **kwargs)

        permitted.permissions = permissions  # type: ignore[attr-defined]
        permitted._apidoc = _documented(documented, permissions)  # type: ignore[attr-defined] # noqa: SLF001 - flask-smorest's
        return cast(View, permitted)

    return decorate


def _documented(documented: dict[str, Any], permissions: tuple[str, ...]) -> dict[str, Any]:
    """What the document says of a view, with its permissions and the refusals that they bring."""
    manual = documented.get("manual_doc", {})
    takes_body = any(one.get("in") == "json" for one in documented.get("arguments", {}).get("parameters", ()))
    responses = {
        "400": "BAD_REQUEST",
        "401": "UNAUTHORIZED",
        **({"403": "FORBIDDEN"} if permissions else {}),
        **({"413": "REQUEST_ENTITY_TOO_LARGE", "415": "UNSUPPORTED_MEDIA_TYPE"} if takes_body else {}),
        "429": "TOO_MANY_REQUESTS",
        "500": "INTERNAL_SERVER_ERROR",
        "503": "SERVICE_UNAVAILABLE",
        **manual.get("responses", {}),
    }
    needed = f"Needs the permission `{'` or `'.join(permissions)}`." if permissions else "Any token will do."
    return {**documented, "manual_doc": {**manual, "description": needed, "responses": responses}}
