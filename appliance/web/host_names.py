"""The host names that requests may use: no name of another site may lead a browser to the appliance.

A site may let its name resolve to its own address first and to ours a moment later (DNS rebinding): a browser then
takes our pages for those of the site. Whoever chooses the host name of a request also chooses the links in the
response. So everything that trusts a browser, or a connection from this machine, checks the host name.

The calls of the API do not: a browser adds no bearer token by itself, no response has a link with a host name, and
programs may use any name that resolves to the appliance.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

from flask import request

from appliance.addresses import Endpoint
from appliance.errors import UnknownHost
from appliance.settings import ApiSettings
from appliance.web.context import context

_ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


def is_known_host() -> bool:
    """Return True if the host of the request is a name or address of the appliance; ports do not matter."""
    return _is_own(urlsplit(f"//{request.host}").hostname or "", context().settings.api)


def refuse_unknown_host() -> None:
    """Raise UnknownHost if the host of the request is no name or address of the appliance."""
    if not is_known_host():
        host = request.host or "nothing"
        raise UnknownHost(f"the host name {host} is not accepted: use another, or add it to api.hosts")


def _is_own(host: str, settings: ApiSettings) -> bool:
    listen = settings.listen.host.lower() if isinstance(settings.listen, Endpoint) else "localhost"
    if host in {"localhost", listen, *map(str.lower, settings.hosts)}:
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback or listen in _ANY_ADDRESS
    return False
