"""Addresses of services as settings and the command line write them. Nothing is resolved or connected here."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

from appliance.errors import InvalidValue

LOOPBACK = "127.0.0.1"
MAX_SOCKET_PATH = 107
"""Octets of a Unix socket's path (unix(7))."""
_UNIX = "unix:"
_PORT = re.compile(r"[0-9]{1,5}")


class Endpoint(NamedTuple):
    """An address, or a host name that this process resolves, and a port, written `127.0.0.1:8053` or `[::1]:8053`."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class LocalSocket:
    """A Unix socket, written `unix:/run/dns-appliance-api/api.sock`."""

    path: Path

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}"


class Nameserver(NamedTuple):
    """A nameserver's published name and the endpoint where it answers, written `ns1.example.net=192.0.2.1:53`."""

    name: str
    endpoint: Endpoint

    def __str__(self) -> str:
        return f"{self.name}={self.endpoint}"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A nameserver's published name and an address of it, written `ns1.example.net=192.0.2.1`."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name}={self.address}"


def parse_endpoint(text: str) -> Endpoint:
    """Return the endpoint `text` names: an IP address and a port from 1 to 65535.

    Raise ValueError if it is malformed, InvalidValue for a host name, and for an address that is of one interface only
    (`fe80::1%eth0`) or of no single host.
    """
    host, port = _split(text)
    return Endpoint(parse_address(host), port)


def parse_address(host: str) -> str:
    """Return the IP address in canonical form; raise InvalidValue as `parse_endpoint` does."""
    try:
        address = ip_address(host)
    except ValueError:
        raise InvalidValue(f"{host!r} is not an IP address") from None
    if getattr(address, "scope_id", None):
        raise InvalidValue(f"{host} is valid on one interface only: use an address without %")
    if address.is_unspecified or address.is_multicast:
        raise InvalidValue(f"{host} is not the address of a single host")
    return str(address)


def parse_listen_endpoint(text: str) -> Endpoint:
    """Return the endpoint to listen on: as above, or `localhost`, or an unspecified address for all of this host."""
    host, port = _split(text)
    return Endpoint(host, port) if host in ("localhost", "0.0.0.0", "::") else parse_endpoint(text)  # noqa: S104


def _split(text: str) -> tuple[str, int]:
    """Return host and port; raise ValueError if one is missing or the port is out of range."""
    host, _, port = text.rpartition(":")
    if not host or not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise ValueError(text)
    return host.removeprefix("[").removesuffix("]"), int(port)


def parse_listen_address(text: str) -> Endpoint | LocalSocket:
    """Return the endpoint or Unix socket `text` names; raise ValueError if it is malformed or the path too long."""
    if not text.startswith(_UNIX):
        return parse_listen_endpoint(text)
    path = Path(text.removeprefix(_UNIX))
    if not path.is_absolute() or "\0" in text or len(os.fsencode(path)) > MAX_SOCKET_PATH:
        raise ValueError(text)
    return LocalSocket(path)


def parse_nameserver(text: str) -> Nameserver:
    """Return the nameserver written `name=address:port`; raise ValueError if it is malformed."""
    name, _, endpoint = text.partition("=")
    if not name.strip():
        raise ValueError(text)
    return Nameserver(name.strip().removesuffix(".").lower(), parse_endpoint(endpoint.strip()))


def parse_ip(text: str) -> IPv4Address | IPv6Address:
    """Return the IP address, an IPv4-mapped one as IPv4; `::`, the unspecified address, if `text` is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return IPv6Address(0)
    return getattr(found, "ipv4_mapped", None) or found


def parse_server_address(text: str) -> ServerAddress:
    """Return the address written `name=address`; raise ValueError if it is malformed."""
    name, _, address = text.partition("=")
    if not name.strip():
        raise ValueError(text)
    return ServerAddress(name.strip().removesuffix(".").lower(), parse_address(address.strip()))
