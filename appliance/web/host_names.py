"""By which names the appliance may be called: no name of another site may lead a browser to it.

A site whose name DNS leads elsewhere first and here a moment later makes a browser take our pages for its own
(rebinding), and whoever chooses the name of a request chooses what a link in the answer says. So all that trusts a
browser, or a connection from this machine, asks by which name it was called.

The calls of the API do not: a browser adds no bearer token by itself, no answer holds a link with a name in it, and
programs may call it by whatever name leads here.
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
    """True when this request calls the appliance by a name or address that is its own; ports do not matter."""
    return _is_own(urlsplit(f"//{request.host}").hostname or "", context().settings.api)


def refuse_unknown_host() -> None:
    """Raise UnknownHost if the request calls the appliance by a foreign name."""
    if not is_known_host():
        host = request.host or "nothing"
        raise UnknownHost(f"the appliance is not called {host}: use its own name, or add that to api.hosts")


def _is_own(host: str, settings: ApiSettings) -> bool:
    listen = settings.listen.host.lower() if isinstance(settings.listen, Endpoint) else "localhost"
    if host in {"localhost", listen, *map(str.lower, settings.hosts)}:
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback or listen in _ANY_ADDRESS
    return False
