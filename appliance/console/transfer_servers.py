"""The server from which a user transfers a zone: its address, or its name if there is a resolver.

Whoever is not an operator may only name a server with a public address, at port 53: no query reaches this network.
"""

from __future__ import annotations

from ipaddress import ip_address

import dns.exception
import dns.name

from appliance.addresses import Endpoint, Nameserver, parse_address, parse_endpoint
from appliance.errors import InputError
from appliance.queries.delegation import address_of, is_public
from appliance.queries.lookup import FAILURES, Budget, Exhausted

FIELD = "server"
"""The form field that holds the address or name."""
_PORT = 53


def find_server(text: str, resolver: Endpoint | None, *, is_operator: bool) -> Nameserver:
    """Return the server of that address or name; raise InputError if there is none, or if it may not be named."""
    try:
        endpoint = _endpoint(text, resolver)
    except InputError as error:
        raise InputError(str(error), FIELD) from None
    if not is_operator and (endpoint.port != _PORT or not is_public(endpoint.host)):
        raise InputError(f"{text} is not a public address at port {_PORT}: only operators may use it", FIELD)
    return Nameserver(text, endpoint)


def _endpoint(text: str, resolver: Endpoint | None) -> Endpoint:
    """Return the endpoint that the text names; raise InputError if it names none."""
    if _is_address(text):
        return Endpoint(parse_address(text), _PORT)
    try:
        return parse_endpoint(text)
    except ValueError:
        return Endpoint(_resolved(text, resolver), _PORT)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _resolved(text: str, resolver: Endpoint | None) -> str:
    if resolver is None:
        raise InputError(f"{text!r} is not an IP address such as 192.0.2.1; names need the setting dns.resolver")
    try:
        name = dns.name.from_text(text)
        found = address_of(name, Nameserver("resolver", resolver), Budget(), lambda _: True)
    except (*FAILURES, Exhausted) as error:
        raise InputError(f"{text!r} cannot be resolved: {str(error) or type(error).__name__}") from None
    if found is None:
        raise InputError(f"{text!r} has no address")
    return found
