"""The session behind the cookie of a request, and protection against cross-site request forgery (CSRF).

Every browser has a cookie with a random secret; the store has a hash of the secret for each browser that is signed in.
The CSRF token of a form is an HMAC with that secret, so it is valid for that browser alone, until it signs in or out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, g, request
from werkzeug.exceptions import Forbidden

from appliance.errors import StoreError
from appliance.identity.authentication import LAST_USE_INTERVAL
from appliance.identity.sign_in import Browser, new_secret
from appliance.principal import Account, Principal
from appliance.store import sessions
from appliance.store.sessions import LIFETIME, Session
from appliance.web.context import context, learn_client, reading

CSRF_FIELD = "csrf_token"
"""The hidden field of every form that holds the CSRF token."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A browser: its secret, its session if it is signed in, and whether the request came over TLS."""

    secret: str
    session: Session | None
    is_secure: bool

    @property
    def account(self) -> Account:
        """The account that is signed in; raise Forbidden if there is none."""
        if self.session is None:
            raise Forbidden
        return self.session.account

    @property
    def uuid(self) -> UUID | None:
        """The uuid of the session, None if the browser is not signed in."""
        return self.session.uuid if self.session else None

    @property
    def browser(self) -> Browser:
        """The address and user agent of the request."""
        return Browser(request.remote_addr or "", request.user_agent.string)

    @property
    def principal(self) -> Principal:
        """The principal of the account; operators see all zones."""
        return Principal.of_account(self.account, self.browser.address)

    @property
    def csrf_token(self) -> str:
        """The CSRF token of every form that this browser is shown."""
        return self.sign("form")

    def sign(self, text: str) -> str:
        """Return the HMAC of the text, keyed with the secret of this browser."""
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def current_session() -> ConsoleSession:
    """Return the session of this request."""
    return cast(ConsoleSession, g.console_session)


def find_session() -> None:
    """Find the session of this request, by its cookie."""
    now = context().clock()
    secret = request.cookies.get(_cookie_name(), "")
    session = None
    if _SECRET.fullmatch(secret):
        with reading():
            session = sessions.find(secret, now)
        if session:
            learn_client(request.headers["Cookie"], session.account.uuid)
    else:
        secret = new_secret()
    g.console_session = ConsoleSession(secret, session, request.is_secure)


def is_form() -> bool:
    """Return whether this request sends a form; raise Forbidden if the browser reports that another site sent it."""
    if request.method in _SAFE_METHODS:
        return False
    _refuse_cross_site()
    return True


def has_csrf_token() -> bool:
    """Return whether the form of this request has the CSRF token of its browser."""
    return hmac.compare_digest(request.form.get(CSRF_FIELD, "").encode(), current_session().csrf_token.encode())


def is_same_origin() -> bool:
    """Return whether the browser reports that a page of this host sent the form; False if it reports nothing."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return site == "same-origin" if site else origin == f"{request.scheme}://{request.host}"


def note_use() -> None:
    """Store that the session was used; a page is shown even if the store cannot be written."""
    session, now = current_session().session, context().clock()
    if session and now - session.seen_at >= LAST_USE_INTERVAL:
        with suppress(StoreError), context().store.writing_if_free():
            sessions.store_last_use(session, now)


def switch_session(secret: str) -> None:
    """Give the browser another secret: that of a new session, or one without a session."""
    with reading():
        g.console_session = ConsoleSession(secret, sessions.find(secret, context().clock()), request.is_secure)


def set_session_cookie(response: Response) -> None:
    """Set the cookie with the secret, unless the browser has it already."""
    current = current_session()
    name = _cookie_name()
    if request.cookies.get(name) != current.secret:
        max_age = LIFETIME if current.session else None
        response.set_cookie(
            name, current.secret, max_age=max_age, httponly=True, samesite="Lax", secure=current.is_secure
        )


def _cookie_name() -> str:
    """Return the name of the cookie; over TLS its prefix binds it to this host and path (RFC 6265bis)."""
    return "__Host-session" if request.is_secure else "session"


def _refuse_cross_site() -> None:
    """Raise Forbidden if the browser reports that another site sent the form."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_cross_site = site not in ("same-origin", "none") if site else origin and urlsplit(origin).netloc != request.host
    if is_cross_site:
        raise Forbidden("This form was sent from another site.")
