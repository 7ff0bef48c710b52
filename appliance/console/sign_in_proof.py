"""The proof that a password was right, which the form for the code of the second factor carries.

It is an HMAC with a key of this process, over the account, its password, an expiry and the secret of the browser. So it
is valid for that browser alone, for minutes, and no longer after a restart or a change of the password.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

from appliance.console.session import current_session
from appliance.identity.sign_in import CodeRequired
from appliance.web.context import context

LIFETIME = timedelta(minutes=5)
"""Time to enter a code after the password."""


def create_proof(required: CodeRequired) -> str:
    """Return the proof for this browser."""
    expires = int((context().clock() + LIFETIME).timestamp())
    text = f"{required.account.hex}.{required.fingerprint}.{expires}"
    return f"{text}.{_signature(text)}"


def read_proof(proof: str) -> CodeRequired | None:
    """Return what was proved, or None if this is no valid proof for this browser, or has expired."""
    text, _, signature = proof.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(text).encode()):
        return None
    account, fingerprint, expires = text.split(".")
    return CodeRequired(UUID(account), fingerprint) if context().clock().timestamp() < int(expires) else None


def _signature(text: str) -> str:
    signed = f"{current_session().secret}.{text}"
    return hmac.new(context().key, signed.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
