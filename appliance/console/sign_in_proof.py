"""The proof that a password was right, which the form for the code of the second factor carries.

It names the account and its password, and is signed: so it is valid for this browser alone, for minutes, and no longer
after a restart or a change of the password.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from appliance.console.signed_text import read_signed_text, sign_text
from appliance.identity.sign_in import CodeRequired

LIFETIME = timedelta(minutes=5)
"""Time to enter a code after the password."""
_PURPOSE = "sign-in-proof"


def create_proof(required: CodeRequired) -> str:
    """Return the proof for this browser."""
    return sign_text(_PURPOSE, f"{required.account.hex}.{required.fingerprint}", LIFETIME)


def read_proof(proof: str) -> CodeRequired | None:
    """Return what was proved, or None if this is no valid proof for this browser, or has expired."""
    text = read_signed_text(_PURPOSE, proof)
    if text is None:
        return None
    account, fingerprint = text.split(".")
    return CodeRequired(UUID(account), fingerprint)
