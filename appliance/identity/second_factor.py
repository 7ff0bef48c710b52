"""The second factor: time-based one-time passwords (RFC 6238), each accepted once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Hashable
from datetime import datetime, timedelta
from uuid import UUID

from pyotp import TOTP, random_base32
from pyotp.utils import strings_equal

from appliance.errors import InputError
from appliance.identity import recovery_codes
from appliance.principal import Account, Principal
from appliance.store import audit, credentials, sessions
from appliance.store import recovery_codes as stored_codes
from appliance.store.credentials import Credentials
from appliance.store.file.database import Store

log = logging.getLogger(__name__)

ISSUER = "DNS appliance"
_STEP = 30
"""Seconds of a time step; the codes of the steps before and after are accepted too, for clocks that differ."""
KNOWN_ADDRESS_AGE = timedelta(days=90)
"""Addresses of sessions that began within this time are known addresses of the account."""

TakeCode = Callable[[Hashable, str, Collection[str]], Callable[[], None] | None]
"""Counts a code: (account with its password hash, address, known addresses of the account) -> a function that undoes
the count, or None if there were too many codes."""


def new_secret() -> str:
    """Return a new secret for an authenticator app, in base32."""
    return random_base32()


def address_for(secret: str, email: str) -> str:
    """Return the otpauth URI with which an authenticator app imports the secret."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def enable(
    store: Store, principal: Principal, secret: str, code: str, now: datetime, *, kept: UUID | None = None
) -> list[str]:
    """Set up a second factor, and end all sessions but `kept`; return recovery codes, which cannot be read again.

    Raise InputError if the code is not one of that secret, or there is a second factor already.
    """
    step = _step_of(secret, code, now)
    if step is None:
        raise InputError("this is not the current code of the authenticator app", "code")
    with store.writing():
        if credentials.get(principal.account.uuid).totp_secret is not None:
            raise InputError("a second factor is already set up: remove it first", "code")
        credentials.set_totp(principal.account.uuid, secret)
        credentials.use_totp_step(principal.account.uuid, step)
        sessions.end_all(principal.account.uuid, now, but=kept)
        audit.append("totp.begin", principal.account.uuid, principal.account.email, principal, now)
        return recovery_codes.create(principal, now)


def disable(
    store: Store, principal: Principal, code: str, now: datetime, take_code: TakeCode, *, kept: UUID | None = None
) -> None:
    """Remove the second factor with one of its codes, and end all sessions but `kept`; raise InputError if it is wrong.

    The recovery codes of the account become invalid.
    """
    with store.writing():
        _require_code(principal, code, now, take_code)
        _remove(principal, now, kept)


def remove(store: Store, principal: Principal, now: datetime) -> None:
    """Remove the second factor of a user who lost it, on the command line, and end all sessions."""
    with store.writing():
        _remove(principal, now, None)


def renew_recovery_codes(
    store: Store, principal: Principal, code: str, now: datetime, take_code: TakeCode
) -> list[str]:
    """Create new recovery codes with a code of the second factor, and return them; raise InputError if it is wrong."""
    with store.writing():
        if credentials.get(principal.account.uuid).totp_secret is None:
            raise InputError("recovery codes replace codes of a second factor: set one up first", "code")
        _require_code(principal, code, now, take_code)
        return recovery_codes.create(principal, now)


def passes(known: Credentials, code: str, address: str, now: datetime, take_code: TakeCode) -> bool:
    """Return whether the code is right, and use it up; True if the account needs none. Call it in a transaction.

    An unused recovery code of the account is right too. The code is counted before it is compared, and fails if there
    were too many, as a wrong one does.
    """
    secret = known.totp_secret
    if secret is None:
        return True
    known_addresses = sessions.addresses_of(known.account.uuid, now - KNOWN_ADDRESS_AGE)
    undo = take_code((known.account.uuid, known.password_hash), address, known_addresses)
    if undo is None or not _use(known.account, secret, code, address, now):
        log.warning("event=code-refused account=%s address=%s", known.account.uuid, address)
        return False
    undo()
    return True


def _require_code(principal: Principal, code: str, now: datetime, take_code: TakeCode) -> None:
    if not passes(credentials.get(principal.account.uuid), code, principal.address, now, take_code):
        raise InputError("this is neither a current code of the authenticator app nor an unused recovery code", "code")


def _remove(principal: Principal, now: datetime, kept: UUID | None) -> None:
    credentials.set_totp(principal.account.uuid, None)
    stored_codes.delete_all(principal.account.uuid)
    sessions.end_all(principal.account.uuid, now, but=kept)
    audit.append("totp.end", principal.account.uuid, principal.account.email, principal, now)


def _use(account: Account, secret: str, code: str, address: str, now: datetime) -> bool:
    """Use up a code of the second factor or a recovery code; return False if it is neither, or already used."""
    step = _step_of(secret, code, now)
    if step is None:
        return recovery_codes.use(account, code, address, now)
    return credentials.use_totp_step(account.uuid, step)


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of the code: the current one, the one before or after, or None."""
    digits = "".join(code.split())
    current = int(now.timestamp()) // _STEP
    codes = TOTP(secret)
    return next(
        (step for step in (current - 1, current, current + 1) if strings_equal(codes.generate_otp(step), digits)), None
    )
