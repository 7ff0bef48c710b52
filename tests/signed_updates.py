"""DNS UPDATE of zones on the primary of a pair, signed as the deployer signs it."""

from __future__ import annotations

from collections.abc import Callable

import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.update
from dns.name import Name

from tests.pair import LOOPBACK, Pair, small_zone_soa

TIMEOUT = 5.0
"""Seconds to wait for the response."""


def update_small_zone(
    pair: Pair, zone: Name, serial: int, address: str, *, source: str = LOOPBACK, timeout: float = TIMEOUT
) -> dns.rcode.Rcode:
    """Change a `small_zone` from the serial before this one to this one; return the response code."""

    def fill(message: dns.update.UpdateMessage) -> None:
        message.present(zone, "SOA", small_zone_soa(serial - 1))
        message.replace(dns.name.from_text("www", zone), 300, "A", address)
        message.add(zone, 300, "SOA", small_zone_soa(serial))

    return send_update(pair, zone, fill, source=source, timeout=timeout)


def send_update(
    pair: Pair,
    zone: Name,
    fill: Callable[[dns.update.UpdateMessage], None],
    *,
    source: str = LOOPBACK,
    timeout: float = TIMEOUT,
) -> dns.rcode.Rcode:
    """Send the update that `fill` makes of an empty one; return the response code."""
    key = dns.tsig.Key(pair.update_key.name, pair.update_key.secret, pair.update_key.algorithm)
    message = dns.update.UpdateMessage(zone, keyring=key)
    fill(message)
    port = pair.primary.endpoint.port
    return dns.query.udp(message, LOOPBACK, timeout=timeout, port=port, source=source).rcode()
