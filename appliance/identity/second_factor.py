"""The second factor: codes of an authenticator that change every half minute (RFC 6238), each good once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Hashable
from datetime import datetime, timedelta

from pyotp import TOTP, random_base32
from pyotp.utils import strings_equal

from appliance.errors import InputError
from appliance.principal import Principal
from appliance.store import audit, credentials, sessions
from appliance.store.credentials import Credentials
from appliance.store.file.database import Store

log = logging.getLogger(__name__)

ISSUER = "DNS appliance"
_STEP = 30
"""Seconds for which a code is good; those before and after it are taken too, for clocks that differ."""
USUAL = timedelta(days=90)
"""For so long a place where the account was signed in is one of its own."""

TakeCode = Callable[[Hashable, str, Collection[str]], Callable[[], None] | None]
"""Counts a code for an account with its password, from an address, beside those where it was signed in before; gives
what undoes the count, or None when there were too many."""


def new_secret() -> str:
    """A secret that an authenticator may take in."""
    return random_base32()


def address_for(secret: str, email: str) -> str:
    """The otpauth address by which an authenticator takes the secret in."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def enable(store: Store, principal: Principal, secret: str, code: str, now: datetime) -> None:
    """Ask for codes of this secret from now on; InputError unless the code shows that an authenticator has it.

    One that is set up stays until it is taken off.
    """
    step = _step_of(secret, code, now)
    if step is None:
        raise InputError("that is not the code that the authenticator should show now", "code")
    with store.writing():
        if credentials.get(principal.account.uuid).totp_secret is not None:
            raise InputError("a second factor is set up already: take it off first", "code")
        credentials.set_totp(principal.account.uuid, secret)
        credentials.take_step(principal.account.uuid, step)
        audit.append("totp.begin", principal.account.uuid, principal.account.email, principal, now)


def disable(store: Store, principal: Principal, now: datetime) -> None:
    """Ask for no codes any more."""
    with store.writing():
        credentials.set_totp(principal.account.uuid, None)
        audit.append("totp.end", principal.account.uuid, principal.account.email, principal, now)


def passes(known: Credentials, code: str, address: str, now: datetime, take_code: TakeCode) -> bool:
    """Whether the account asks for no code, or this one is right; a right one is used up. In a transaction.

    It is counted before it is looked at, and one too many is wrong: who knows the password is not told that they do.
    """
    if known.totp_secret is None:
        return True
    usual = sessions.addresses_of(known.account.uuid, now - USUAL)
    forgive = take_code((known.account.uuid, known.password_hash), address, usual)
    step = _step_of(known.totp_secret, code, now)
    if forgive is None or step is None or not credentials.take_step(known.account.uuid, step):
        log.warning("event=code-refused account=%s address=%s", known.account.uuid, address)
        return False
    forgive()
    return True


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, of those near now."""
    typed = "".join(code.split())
    here = int(now.timestamp()) // _STEP
    codes = TOTP(secret)
    return next((step for step in (here - 1, here, here + 1) if strings_equal(codes.generate_otp(step), typed)), None)
