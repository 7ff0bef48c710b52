"""Recovery codes: each replaces a code of the second factor once, for users who lost their authenticator.

A code has more than 112 random bits, so that a fast hash is enough (OWASP ASVS 5.0, 6.5.2).
"""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from appliance.principal import Account, Principal
from appliance.store import audit, recovery_codes

COUNT = 10
"""Number of recovery codes of an account."""
OCTETS = 15
"""Random octets of a code: 120 bits, 24 characters in groups of four."""
_GROUP = 4


def create(principal: Principal, now: datetime) -> list[str]:
    """Create new codes, which cannot be read again; all earlier ones become invalid. Call it in a transaction."""
    codes = [_new_code() for _ in range(COUNT)]
    recovery_codes.replace_all(principal.account.uuid, map(_normalise, codes), now)
    audit.append("recovery.create", principal.account.uuid, principal.account.email, principal, now)
    return codes


def use(account: Account, code: str, address: str, now: datetime) -> bool:
    """Use up a recovery code of the account; return False if it has no such unused code. Call it in a transaction."""
    if not recovery_codes.use(account.uuid, _normalise(code), now):
        return False
    audit.append("recovery.use", account.uuid, account.email, Principal.of_account(account, address), now)
    return True


def _new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(OCTETS)).decode().lower()
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def _normalise(code: str) -> str:
    """Return the code in lower case, without spaces and hyphens."""
    return "".join(code.lower().replace("-", " ").split())
