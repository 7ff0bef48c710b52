"""Sign-in to the console, sign-out, and changes of passwords."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from appliance.errors import InputError, NotFound
from appliance.identity import second_factor
from appliance.identity.passwords import hash_password, is_password, refuse_long_password, renew_hash
from appliance.identity.second_factor import TakeCode
from appliance.principal import Account, Principal
from appliance.store import audit, credentials, sessions
from appliance.store.accounts import MAX_EMAIL
from appliance.store.file.database import Store
from appliance.store.sessions import Session

SECRET_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Browser:
    """The client of a request: its address and User-Agent header."""

    address: str
    agent: str


def new_secret() -> str:
    """Return a new secret for the cookie of a session."""
    return secrets.token_urlsafe(SECRET_OCTETS)


def refuse_too_long(email: str, password: str) -> None:
    """Raise InputError if email or password is longer than any can be: nothing else is done with such input."""
    if len(email) > MAX_EMAIL:
        raise InputError(f"an email has at most {MAX_EMAIL} characters, not {len(email)}", "email")
    refuse_long_password(password)


def known_addresses(store: Store, email: str, now: datetime) -> set[str]:
    """Return the addresses where the account with that email was signed in lately; none if there is no account."""
    with store.reading():
        return sessions.addresses_of_email(email, now - second_factor.KNOWN_ADDRESS_AGE)


@dataclass(frozen=True, slots=True)
class CodeRequired:
    """A right email and password of an account that has a second factor: its code is still missing.

    `fingerprint` is that of the hash which was compared: after a change of the password a code begins no session.
    """

    account: UUID
    fingerprint: str


def sign_in(store: Store, email: str, password: str, browser: Browser, now: datetime) -> str | CodeRequired | None:
    """Return the secret of a new session, CodeRequired, or None if email or password is wrong.

    In every case one hash is compared and one transaction written: neither the time nor a StoreError of a store that
    cannot be written shows which of them was wrong. A hash with former parameters is replaced.
    """
    with store.reading():
        found = credentials.find(email)
    compared = found.password_hash if found else None
    right = is_password(password, compared)
    renewed = renew_hash(password, compared) if right else None
    with store.writing():
        current = credentials.find(email)
        is_same = right and current and current.password_hash == compared and not current.account.disabled_at
        if not current or not compared or not is_same:
            credentials.write_without_change()
            return None
        if renewed:
            credentials.set_password_hash(current.account.uuid, renewed, is_first=current.is_first)
        if current.totp_secret is None:
            return begin_session(current.account, browser, now)
        credentials.write_without_change()
        return CodeRequired(current.account.uuid, _fingerprint(renewed or compared))


def sign_in_with_code(
    store: Store, known: CodeRequired, code: str, browser: Browser, now: datetime, take_code: TakeCode
) -> str | None:
    """Return the secret of a new session, or None if the code is wrong or the password no longer the one compared."""
    with store.writing():
        current = credentials.get(known.account)
        is_same = _fingerprint(current.password_hash or "") == known.fingerprint and not current.account.disabled_at
        if is_same and second_factor.passes(current, code, browser.address, now, take_code):
            return begin_session(current.account, browser, now)
    return None


def begin_session(account: Account, browser: Browser, now: datetime) -> str:
    """Begin a session of an authenticated account and return its secret. Call it in a transaction."""
    secret = new_secret()
    sessions.begin(account, secret, now, browser.address, browser.agent)
    audit.append("session.begin", account.uuid, account.email, Principal.of_account(account, browser.address), now)
    return secret


def end_session(store: Store, principal: Principal, uuid: UUID, now: datetime) -> None:
    """End a session of the principal's account; raise NotFound if there is no such session."""
    with store.writing():
        if uuid not in {session.uuid for session in sessions.of_account(principal.account.uuid, now)}:
            raise NotFound("there is no such session")
        sessions.end(uuid, now)
        audit.append("session.end", principal.account.uuid, principal.account.email, principal, now)


def end_other_sessions(store: Store, principal: Principal, kept: Session, now: datetime) -> None:
    """End all sessions of the principal's account but one."""
    with store.writing():
        sessions.end_all(principal.account.uuid, now, but=kept.uuid)
        audit.append("session.end", principal.account.uuid, f"{principal.account.email}, all others", principal, now)


def confirm(store: Store, account: Account, password: str) -> None:
    """Raise InputError unless the password is that of the account."""
    with store.reading():
        found = credentials.get(account.uuid)
    if not is_password(password, found.password_hash):
        raise InputError("this is not your current password", "current")


def change_password(store: Store, principal: Principal, new: str, browser: Browser, now: datetime) -> str:
    """Set a new password and end all sessions; return the secret of a new session for this browser."""
    password_hash = hash_password(new, principal.account.email)
    with store.writing():
        _set(principal, password_hash, now)
        secret = new_secret()
        sessions.begin(principal.account, secret, now, browser.address, browser.agent)
    return secret


def set_password(store: Store, principal: Principal, new: str, now: datetime, *, is_first: bool = False) -> None:
    """Set a password without the current one, and end all sessions. `is_first`: somebody else chose it."""
    password_hash = hash_password(new, principal.account.email)
    with store.writing():
        _set(principal, password_hash, now, is_first=is_first)


def _set(principal: Principal, password_hash: str, now: datetime, *, is_first: bool = False) -> None:
    credentials.set_password_hash(principal.account.uuid, password_hash, is_first=is_first)
    sessions.end_all(principal.account.uuid, now)
    detail = "chosen by another, to be changed after the next sign-in" if is_first else ""
    audit.append("password.change", principal.account.uuid, principal.account.email, principal, now, detail)


def _fingerprint(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()
