"""The body of an httpreq call: which text at which name. Pure.

lego sends the record itself, or, in its RAW mode, what the record is computed from.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.errors import InputError
from appliance.zones.names import refuse_control_characters

LABEL = "_acme-challenge"
"""The label below which a domain has its challenges (RFC 8555 section 8.4)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A text to be served as a TXT record at an absolute name, which ends in a dot."""

    fqdn: str
    text: str


def read_challenge(body: Mapping[str, object]) -> Challenge:
    """Return the challenge of a body in either mode; raise InputError with the field at fault. Other keys are ignored.

    If the body has the keys of both modes, the record itself is used.
    """
    if "fqdn" in body or "value" in body or "domain" not in body:
        return Challenge(_absolute(_text_of(body, "fqdn")), _text_of(body, "value"))
    domain, key_authorization = _text_of(body, "domain"), _text_of(body, "keyAuth")
    return Challenge(_absolute(f"{LABEL}.{domain.removeprefix('*.')}"), compute_text(key_authorization))


def compute_text(key_authorization: str) -> str:
    """Return the text of a dns-01 challenge: the SHA-256 in base64url without padding (RFC 8555 section 8.4)."""
    digest = hashlib.sha256(key_authorization.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _absolute(name: str) -> str:
    return f"{name.removesuffix('.')}."


def _text_of(body: Mapping[str, object], field: str) -> str:
    found = body.get(field)
    if not isinstance(found, str) or not found:
        raise InputError(f"{field} is required, as a string: send fqdn and value, or domain, token and keyAuth", field)
    refuse_control_characters(found, field)
    return found
