"""The bodies of acme-dns calls. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network

from appliance.errors import InputError
from appliance.principal import Network

_TEXT = re.compile(r"[A-Za-z0-9_-]{43}")


def is_challenge(text: object) -> bool:
    """Return whether that is the text of a dns-01 challenge: a SHA-256 in base64url without padding."""
    return isinstance(text, str) and _TEXT.fullmatch(text) is not None


def read_networks(body: Mapping[str, object]) -> tuple[Network, ...]:
    """Return the networks that may use a new account, none for all; raise InputError for what is no CIDR.

    As in acme-dns, the host bits of a network may be set.
    """
    given = body.get("allowfrom") or []
    if not isinstance(given, list):
        raise InputError("allowfrom must be a list of networks such as 192.0.2.0/24", "allowfrom")
    return tuple(map(_network, given))


def _network(text: object) -> Network:
    try:
        return ip_network(str(text), strict=False)
    except ValueError:
        raise InputError(f"{text!r} is not a network such as 192.0.2.0/24", "allowfrom") from None
