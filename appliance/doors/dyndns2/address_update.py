"""The parameters of a dyndns2 call: which addresses at which host names. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.errors import InvalidValue

MAX_HOSTS = 20
"""The maximum number of host names in one call."""
_ADDRESSES = ("myip", "myipv4", "myipv6", "ip")
"""Parameters with addresses; others, such as `system`, `wildcard`, `mx` and `backmx`, are ignored."""


class Word(StrEnum):
    """The words of a response."""

    GOOD = "good"
    UNCHANGED = "nochg"
    NO_HOST = "nohost"
    NOT_FULL_NAME = "notfqdn"
    TOO_MANY_HOSTS = "numhost"
    DNS_ERROR = "dnserr"
    BAD_CREDENTIAL = "badauth"
    TOO_MANY_CALLS = "abuse"
    UNAVAILABLE = "911"


@dataclass(frozen=True, slots=True)
class AddressUpdate:
    """The host names of a call, and the address that each gets, by record type; None: the records are removed."""

    hosts: Sequence[str]
    addresses: Mapping[str, str | None]

    @property
    def shown(self) -> str:
        """The addresses as a response shows them, IPv4 first."""
        return ",".join(address for _, address in sorted(self.addresses.items()) if address)


def read_hosts(hostname: str) -> list[str]:
    """Return the host names of that parameter, in its order, without empty ones."""
    return [host for host in (part.strip() for part in hostname.split(",")) if host]


def read_update(parameters: Mapping[str, Sequence[str]], client: str) -> AddressUpdate:
    """Return what a call requests: its host names, and its addresses or else that of the client.

    Only the families that are named change. Raise InvalidValue for what is no address, or two of the same family.
    """
    hosts = read_hosts(",".join(parameters.get("hostname", ())))
    if any(value.strip().upper() == "YES" for value in parameters.get("offline", ())):
        return AddressUpdate(hosts, {"A": None, "AAAA": None})
    return AddressUpdate(hosts, _by_type(list(_given(parameters)) or [client.partition("%")[0]]))


def _given(parameters: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name in _ADDRESSES:
        for value in parameters.get(name, ()):
            yield from filter(None, (part.strip() for part in value.split(",")))


def _by_type(texts: Sequence[str]) -> dict[str, str | None]:
    """Return the addresses in canonical form by record type."""
    found: dict[str, str | None] = {}
    for text in texts:
        rdtype, address = _parse(text)
        if found.setdefault(rdtype, address) != address:
            raise InvalidValue(f"{found[rdtype]} and {address} are of the same family; a host has one of each", "myip")
    return found


def _parse(text: str) -> tuple[str, str]:
    """Return record type and canonical form of an address; an IPv4-mapped one is IPv4 (RFC 4291 section 2.5.5.2)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise InvalidValue(f"{text!r} is not an address such as 192.0.2.1 or 2001:db8::1", "myip") from None
    if "%" in text:
        raise InvalidValue(f"{text!r} has a zone index, which only its own host knows: leave it out", "myip")
    address = getattr(address, "ipv4_mapped", None) or address
    return ("A" if address.version == 4 else "AAAA"), str(address)
