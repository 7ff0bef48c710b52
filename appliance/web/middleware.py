"""What happens to a request before Flask routes it: the client's address, and the final slash of its path.

WSGI, and nothing of Flask.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from appliance.addresses import LOOPBACK

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BY_SOCKET = "localhost"
"""What waitress tells in place of an address; a peer by TCP has always one of digits."""


class FinalSlash:
    """Where `lacks` says so, a path without its final slash is the path with it, for every method, no redirect."""

    def __init__(self, application: WSGIApplication, lacks: Callable[[str], bool]) -> None:
        self._application = application
        self._lacks = lacks

    def __call__(self, environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environment.get("PATH_INFO", "")
        if self._lacks(path):
            environment["PATH_INFO"] = f"{path}/"
        return self._application(environment, start_response)


class ClientAddress:
    """Behind trusted proxies the client is who X-Forwarded-For says; anyone else's header is not believed.

    The list is read from its end, each trusted proxy vouching for the address before it. Whoever comes by a socket of
    this machine has no address, and counts as loopback.
    """

    def __init__(self, application: WSGIApplication, trusted: Sequence[str]) -> None:
        self._application = application
        self._trusted = [ipaddress.ip_network(one) for one in trusted]

    def __call__(self, environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        forwarded = [one.strip() for one in environment.pop("HTTP_X_FORWARDED_FOR", "").split(",")]
        scheme = environment.pop("HTTP_X_FORWARDED_PROTO", "")
        if environment.get("REMOTE_ADDR") == _BY_SOCKET:
            environment |= {"REMOTE_ADDR": LOOPBACK, "REMOTE_HOST": LOOPBACK}
        if scheme in ("http", "https") and self._is_trusted(environment.get("REMOTE_ADDR", "")):
            environment["wsgi.url_scheme"] = scheme
        while forwarded and _is_address(forwarded[-1]) and self._is_trusted(environment.get("REMOTE_ADDR", "")):
            environment["REMOTE_ADDR"] = forwarded.pop()
        return self._application(environment, start_response)

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
