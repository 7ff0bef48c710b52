"""Who asks, and whether they may: bearer tokens, their limits, and the permission that each call needs."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from appliance.editing import Caller
from appliance.errors import InputError, NotPermitted, StoreError
from appliance.people.holder import Holder, allows
from appliance.store import accounts
from appliance.store.accounts import Token
from appliance.store.journal import Actor
from appliance.store.zones import Scope
from appliance.web.hosts import is_known_host, refuse_unknown_host
from appliance.web.parts import parts, reading

USE_NOTED_EVERY = timedelta(minutes=1)
PREFIX = "/api/v1/"
OPEN = (f"{PREFIX}openapi.json", f"{PREFIX}docs/")
"""What everyone may read: the document and the page that shows it."""

_HEADER = re.compile(r"(?i:Bearer) (vps_[A-Za-z0-9_-]{16,128})")

View = TypeVar("View", bound=Callable[..., Any])


def authenticate() -> None:
    """Before every request under `PREFIX`, whether or not its address exists: 401 unless it bears a valid token.

    429 when the token asks too often, or its address has failed too often.
    """
    if request.path.startswith(PREFIX) and not request.path.startswith(OPEN):
        g.token = _token()
        parts().limits.take_request(g.token.uuid)


def token() -> Token:
    """The token that this request was made with."""
    return cast(Token, g.token)


def caller() -> Caller:
    """Who this request is from, as the desk knows them."""
    known = token()
    operator = "admin:*" in known.permissions
    return Caller(
        account=known.account.uuid,
        actor=Actor(known.account.uuid, f"{known.account.email} ({known.name})", address()),
        scope=Scope(None if operator else known.account.uuid, known.zones),
        operator=operator,
        record_types=known.record_types,
        record_names=known.record_names,
    )


def holder() -> Holder:
    """Who this request is from, as far as accounts and tokens go."""
    return Holder(token().account, caller().actor, token())


def address() -> str:
    """The address that the request came from."""
    return request.remote_addr or ""


def is_operators_request() -> bool:
    """True when the request comes from this machine, or bears a token with `admin:*` for all zones.

    Behind a proxy every request may come from this machine, so then only the token counts; nor is this machine
    believed when its browser was led here by a foreign name: MisdirectedRequest. 429 as `authenticate` has it.
    """
    is_here = not parts().settings.api.trusted_proxies and _is_loopback(address())
    if "Authorization" in request.headers and not (is_here and is_known_host()):
        return _is_operators_token()
    if is_here:
        refuse_unknown_host()
    return is_here


def needs(*permissions: str) -> Callable[[View], View]:
    """Mark a view as needing one of these permissions, none: any token; it stands above all other decorators.

    403 comes before the body is looked at. A view that takes no query parameters refuses them all.
    """

    def decorate(view: View) -> View:
        documented = getattr(view, "_apidoc", {})
        takes_query = any(one.get("in") == "query" for one in documented.get("arguments", {}).get("parameters", ()))

        @functools.wraps(view)
        def permitted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the view has it
            if not _allows(token(), permissions):
                raise NotPermitted(f"this token lacks the permission {' or '.join(permissions)}")
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


def _allows(known: Token, permissions: tuple[str, ...]) -> bool:
    return not permissions or any(allows(known.permissions, permission) for permission in permissions)


def _is_operators_token() -> bool:
    try:
        known = _token()
    except Unauthorized:
        return False
    parts().limits.take_request(known.uuid)
    return "admin:*" in known.permissions and known.zones is None


def _token() -> Token:
    """The valid token of this request; Unauthorized says nothing of what was wrong with it."""
    parts().limits.refuse_failing(address())
    now = parts().clock()
    known = _known_token()
    if known is None or not _is_valid(known, now):
        parts().limits.note_failure(address())
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    _note_use(known, now)
    return known


def _known_token() -> Token | None:
    """The token of this request, looked up by its hash: a wrong one takes as long as any other wrong one."""
    found = _HEADER.fullmatch(request.headers.get("Authorization", ""))
    if not found:
        return None
    with reading():
        return accounts.find_token(found[1])


def _is_valid(known: Token, now: datetime) -> bool:
    return (
        known.revoked_at is None
        and known.account.disabled_at is None
        and (known.expires_at is None or now < known.expires_at)
        and (known.networks is None or any(_plain(address()) in network for network in known.networks))
    )


def _note_use(known: Token, now: datetime) -> None:
    """Keep that the token was used; a store that takes no write now is no reason to refuse a read."""
    if known.last_used_at is None or now - known.last_used_at >= USE_NOTED_EVERY:
        with suppress(StoreError), parts().store.writing_if_free():
            accounts.note_use(known, now)


def _plain(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address, IPv4 where it is IPv4 in an IPv6 coat; an unreadable one lies in no network."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ipaddress.IPv6Address(0)
    return getattr(found, "ipv4_mapped", None) or found


def _is_loopback(text: str) -> bool:
    return _plain(text).is_loopback
