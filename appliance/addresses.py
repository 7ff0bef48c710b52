"""Where something listens or is asked, as it is written in settings and on the command line. Nothing is resolved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

LOOPBACK = "127.0.0.1"
LONGEST_SOCKET_PATH = 107
"""Octets of a Unix socket's path (unix(7))."""
_UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a port, written `127.0.0.1:8053` or `[::1]:8053`."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class LocalSocket:
    """A socket among the files of this machine, written `unix:/run/dns-appliance-api/api.sock`."""

    path: Path

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}"


@dataclass(frozen=True, slots=True)
class Nameserver:
    """A nameserver as published and as asked, written `ns1.example.net=192.0.2.1:53`; the first is the primary."""

    name: str
    endpoint: Endpoint

    def __str__(self) -> str:
        return f"{self.name}={self.endpoint}"


def parse_endpoint(text: str) -> Endpoint:
    """The address and port that a text names; ValueError when it names none."""
    host, _, port = text.rpartition(":")
    if not host or not 0 < int(port) < 65536:
        raise ValueError(text)
    return Endpoint(host.strip("[]"), int(port))


def parse_listen_address(text: str) -> Endpoint | LocalSocket:
    """The place to listen at that a text names; ValueError when it names none, or a path that no socket can have."""
    if not text.startswith(_UNIX):
        return parse_endpoint(text)
    path = Path(text.removeprefix(_UNIX))
    if not path.is_absolute() or "\0" in text or len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise ValueError(text)
    return LocalSocket(path)


def parse_nameserver(text: str) -> Nameserver:
    """The nameserver that a text names; ValueError when it names none."""
    name, _, endpoint = text.partition("=")
    if not name.strip():
        raise ValueError(text)
    return Nameserver(name.strip().removesuffix(".").lower(), parse_endpoint(endpoint.strip()))


def parse_ip(text: str) -> IPv4Address | IPv6Address:
    """Return the IP address, an IPv4-mapped one as IPv4; `::`, which is nobody's, if the text is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return IPv6Address(0)
    return getattr(found, "ipv4_mapped", None) or found
