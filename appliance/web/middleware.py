"""WSGI middleware that sets the client's address and the trailing slash of the path before Flask routes a request."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from appliance.addresses import LOOPBACK

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BY_SOCKET = "localhost"
"""REMOTE_ADDR that waitress sets for a peer on a Unix socket; a TCP peer has an IP address."""


class AddressList:
    """Addresses and networks; `in` says whether one of them contains an address."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def __contains__(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._networks)


class TrailingSlash:
    """Add the trailing slash to each path for which `lacks` is true: for every method, without a redirect."""

    def __init__(self, application: WSGIApplication, lacks: Callable[[str], bool]) -> None:
        self._application = application
        self._lacks = lacks

    def __call__(self, environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environment.get("PATH_INFO", "")
        if self._lacks(path):
            environment["PATH_INFO"] = f"{path}/"
        return self._application(environment, start_response)


class ClientAddress:
    """Take the client's address from X-Forwarded-For if the request comes from a trusted proxy; else ignore the header.

    The list is read from its end: each trusted proxy vouches for the address before its own. A client on a Unix socket
    has no address and counts as loopback. X-Forwarded-Proto is used and ignored likewise.
    """

    def __init__(self, application: WSGIApplication, trusted: Sequence[str]) -> None:
        self._application = application
        self._trusted = AddressList(trusted)

    def __call__(self, environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        forwarded = environment.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = environment.pop("HTTP_X_FORWARDED_PROTO", "")
        if environment.get("REMOTE_ADDR") == BY_SOCKET:
            environment |= {"REMOTE_ADDR": LOOPBACK, "REMOTE_HOST": LOOPBACK}
        if scheme in ("http", "https") and environment.get("REMOTE_ADDR", "") in self._trusted:
            environment["wsgi.url_scheme"] = scheme
        environment["REMOTE_ADDR"] = forwarded_client(environment.get("REMOTE_ADDR", ""), forwarded, self._trusted)
        return self._application(environment, start_response)


def forwarded_client(peer: str, forwarded: str, trusted: AddressList) -> str:
    """Return the address of the client for which `peer` sent a request with that X-Forwarded-For."""
    address = LOOPBACK if peer == BY_SOCKET else peer
    for claimed in reversed(forwarded.split(",")):
        if not (_is_address(claimed.strip()) and address in trusted):
            break
        address = claimed.strip()
    return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
