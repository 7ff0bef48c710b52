"""The way into the console and out of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from appliance.errors import InputError, NotFound
from appliance.identity import second_factor
from appliance.identity.passwords import hash_password, is_password
from appliance.identity.second_factor import TakeCode
from appliance.principal import Account, Principal
from appliance.store import audit, credentials, sessions
from appliance.store.file.database import Store
from appliance.store.sessions import Session

SECRET_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from: its address, and what the browser calls itself."""

    address: str
    agent: str


def new_secret() -> str:
    """A secret for a browser to keep."""
    return secrets.token_urlsafe(SECRET_OCTETS)


def sign_in(
    store: Store, email: str, password: str, code: str, browser: Browser, now: datetime, take_code: TakeCode
) -> str | None:
    """The secret of a new session, or None: no word of what was wrong.

    Whatever it was, one hash is compared and one transaction is stored, so that neither the time nor a store that takes
    no write tells more: StoreError for right words and for wrong ones.
    """
    with store.reading():
        known = credentials.find(email)
    compared = known.password_hash if known else None
    right = is_password(password, compared)
    with store.writing():
        current = credentials.find(email)
        is_same = right and current and current.password_hash == compared and not current.account.disabled_at
        if current and is_same and second_factor.passes(current, code, browser.address, now, take_code):
            return begin_session(current.account, browser, now)
        credentials.write_nothing()
    return None


def begin_session(account: Account, browser: Browser, now: datetime) -> str:
    """The secret of a new session of an account that has shown who it is; in a transaction."""
    secret = new_secret()
    sessions.begin(account, secret, now, browser.address, browser.agent)
    audit.append("session.begin", account.uuid, account.email, Principal.of_account(account, browser.address), now)
    return secret


def end_session(store: Store, principal: Principal, uuid: UUID, now: datetime) -> None:
    """Sign a browser of the account out; NotFound when there is no such session."""
    with store.writing():
        if uuid not in {session.uuid for session in sessions.of_account(principal.account.uuid, now)}:
            raise NotFound("there is no such session")
        sessions.end(uuid, now)
        audit.append("session.end", principal.account.uuid, principal.account.email, principal, now)


def end_others(store: Store, principal: Principal, kept: Session, now: datetime) -> None:
    """Sign every browser of the account out but one."""
    with store.writing():
        sessions.end_all(principal.account.uuid, now, but=kept.uuid)
        audit.append("session.end", principal.account.uuid, f"{principal.account.email}, all others", principal, now)


def confirm(store: Store, account: Account, password: str) -> None:
    """InputError unless that is the account's password."""
    with store.reading():
        known = credentials.get(account.uuid)
    if not is_password(password, known.password_hash):
        raise InputError("that is not your password", "current")


def change_password(store: Store, principal: Principal, new: str, browser: Browser, now: datetime) -> str:
    """Set another password and end every session; the secret of the new one that this browser goes on with."""
    password_hash = hash_password(new)
    with store.writing():
        _set(principal, password_hash, now)
        secret = new_secret()
        sessions.begin(principal.account, secret, now, browser.address, browser.agent)
    return secret


def set_password(store: Store, principal: Principal, new: str, now: datetime, *, is_first: bool = False) -> None:
    """Set a password without asking for the present one, and end every session. `is_first`: another chose it."""
    password_hash = hash_password(new)
    with store.writing():
        _set(principal, password_hash, now, is_first=is_first)


def _set(principal: Principal, password_hash: str, now: datetime, *, is_first: bool = False) -> None:
    credentials.set_password_hash(principal.account.uuid, password_hash, is_first=is_first)
    sessions.end_all(principal.account.uuid, now)
    audit.append("password.change", principal.account.uuid, principal.account.email, principal, now)
