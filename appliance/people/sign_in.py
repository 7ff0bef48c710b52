"""The way into the console and out of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from appliance.errors import InputError, NotFound
from appliance.people import second_factor
from appliance.people.holder import Holder
from appliance.people.second_factor import TakeCode
from appliance.store import audit, credentials, sessions
from appliance.store.accounts import Account
from appliance.store.database import Store
from appliance.store.journal import Actor
from appliance.store.passwords import hash_password, is_password
from appliance.store.sessions import Session

SECRET_OCTETS = 32
USE_NOTED_EVERY = timedelta(minutes=1)


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
    audit.append("session.begin", account.uuid, account.email, _actor(account, browser), now)
    return secret


def end_session(store: Store, holder: Holder, uuid: UUID, now: datetime) -> None:
    """Sign a browser of the account out; NotFound when there is no such session."""
    with store.writing():
        if uuid not in {session.uuid for session in sessions.of_account(holder.account.uuid, now)}:
            raise NotFound("there is no such session")
        sessions.end(uuid, now)
        audit.append("session.end", holder.account.uuid, holder.account.email, holder.actor, now)


def end_others(store: Store, holder: Holder, kept: Session, now: datetime) -> None:
    """Sign every browser of the account out but one."""
    with store.writing():
        sessions.end_all(holder.account.uuid, now, but=kept.uuid)
        audit.append("session.end", holder.account.uuid, f"{holder.account.email}, all others", holder.actor, now)


def confirm(store: Store, account: Account, password: str) -> None:
    """InputError unless that is the account's password."""
    with store.reading():
        known = credentials.get(account.uuid)
    if not is_password(password, known.password_hash):
        raise InputError("that is not your password", "current")


def change_password(store: Store, holder: Holder, new: str, browser: Browser, now: datetime) -> str:
    """Set another password and end every session; the secret of the new one that this browser goes on with."""
    password_hash = hash_password(new)
    with store.writing():
        _set(holder, password_hash, now)
        secret = new_secret()
        sessions.begin(holder.account, secret, now, browser.address, browser.agent)
    return secret


def set_password(store: Store, holder: Holder, new: str, now: datetime, *, is_first: bool = False) -> None:
    """Set a password without asking for the present one, and end every session. `is_first`: another chose it."""
    password_hash = hash_password(new)
    with store.writing():
        _set(holder, password_hash, now, is_first=is_first)


def _set(holder: Holder, password_hash: str, now: datetime, *, is_first: bool = False) -> None:
    credentials.set_password_hash(holder.account.uuid, password_hash, is_first=is_first)
    sessions.end_all(holder.account.uuid, now)
    audit.append("password.change", holder.account.uuid, holder.account.email, holder.actor, now)


def _actor(account: Account, browser: Browser) -> Actor:
    return Actor(account.uuid, account.email, browser.address)
