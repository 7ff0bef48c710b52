"""Who asks for a page: the session behind their cookie, and the proof that a form came from a page of ours.

Everyone's cookie is a random secret; that of someone who is signed in is, as a hash, in the store. What a form
carries is sealed with that secret, so it is worth nothing to anyone else, and changes when one signs in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from flask import Response, g, request
from werkzeug.exceptions import Forbidden

from appliance.errors import StoreError
from appliance.identity.authentication import USE_NOTED_EVERY
from appliance.identity.sign_in import Browser, new_secret
from appliance.principal import Account, Principal
from appliance.store import sessions
from appliance.store.sessions import LONGEST, Session
from appliance.web.context import context, reading

FIELD = "form_token"
"""The hidden field of every form."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_READING = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """Someone with a browser; `session` when they are signed in. `is_secure`: the request came by TLS."""

    secret: str
    session: Session | None
    is_secure: bool

    @property
    def account(self) -> Account:
        """The account of someone who is signed in."""
        if self.session is None:
            raise Forbidden
        return self.session.account

    @property
    def browser(self) -> Browser:
        """Where the request comes from."""
        return Browser(request.remote_addr or "", request.user_agent.string)

    @property
    def principal(self) -> Principal:
        """Return them as the person who asks; operators see all zones."""
        return Principal.of_account(self.account, self.browser.address)

    @property
    def form_token(self) -> str:
        """What every form of theirs carries."""
        return self.seal("form")

    def seal(self, text: str) -> str:
        """A mark on the text that only this browser and we can make."""
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def current_session() -> ConsoleSession:
    """Who this request is from."""
    return cast(ConsoleSession, g.visitor)


def meet() -> None:
    """Find out who this request is from; Forbidden when it would write and did not come from a form of ours."""
    now = context().clock()
    secret = request.cookies.get(_cookie_name(), "")
    session = None
    if _SECRET.fullmatch(secret):
        with reading():
            session = sessions.find(secret, now)
    else:
        secret = new_secret()
    g.visitor = ConsoleSession(secret, session, request.is_secure)
    if request.method not in _READING:
        _refuse_foreign()
        if not hmac.compare_digest(request.form.get(FIELD, "").encode(), current_session().form_token.encode()):
            raise Forbidden("This form is too old, or did not come from here: load its page anew and try again.")
    if session:
        _note_use(session, now)


def become(secret: str) -> None:
    """From this answer on the browser has another secret: that of a new session, or of none."""
    with reading():
        g.visitor = ConsoleSession(secret, sessions.find(secret, context().clock()), request.is_secure)


def give_cookie(answer: Response) -> None:
    """Let the browser keep its secret."""
    who = current_session()
    name = _cookie_name()
    if request.cookies.get(name) != who.secret:
        lasts = LONGEST if who.session else None
        answer.set_cookie(name, who.secret, max_age=lasts, httponly=True, samesite="Lax", secure=who.is_secure)


def _cookie_name() -> str:
    """By TLS a name that browsers take from this host alone, and with nothing but what is set here."""
    return "__Host-session" if request.is_secure else "session"


def _refuse_foreign() -> None:
    """Raise Forbidden when the browser says that another site sent the form."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_foreign = site not in ("same-origin", "none") if site else origin and urlsplit(origin).netloc != request.host
    if is_foreign:
        raise Forbidden("This form was sent by another site.")


def _note_use(session: Session, now: datetime) -> None:
    """Keep that the session was used; a store that takes no write now is no reason to refuse a page."""
    if now - session.seen_at >= USE_NOTED_EVERY:
        with suppress(StoreError), context().store.writing_if_free():
            sessions.note_use(session, now)
