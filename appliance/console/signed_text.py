"""Signed text, which a page carries to the next one: it was written by this process, for this browser, not long ago.

The signature is an HMAC with a key of this process, over the purpose, the secret of the browser, an expiry and the
text. So it is no longer valid after a restart, or after the browser has signed in or out.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from appliance.console.session import current_session
from appliance.web.context import context


def sign_text(purpose: str, text: str, lifetime: timedelta) -> str:
    """Return the text with its expiry and signature; it can be read for the same purpose only."""
    expires = int((context().clock() + lifetime).timestamp())
    return f"{expires}.{_signature(purpose, f'{expires}.{text}')}.{text}"


def read_signed_text(purpose: str, signed: str) -> str | None:
    """Return the text, or None if it was not signed for this purpose and browser, or has expired."""
    expires, _, rest = signed.partition(".")
    signature, _, text = rest.partition(".")
    right = _signature(purpose, f"{expires}.{text}")
    if not hmac.compare_digest(signature.encode(errors="surrogatepass"), right.encode()):
        return None
    return text if context().clock().timestamp() < int(expires) else None


def _signature(purpose: str, text: str) -> str:
    signed = f"{purpose}.{current_session().secret}.{text}"
    return hmac.new(context().key, signed.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
