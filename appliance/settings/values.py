"""Values of settings: each type is read from a string of the file or the environment, by the rules of its kind.

A type says what a value means, also where Python has only a string: a domain name, a mailbox. What is read is in
canonical form. A reader raises ValueError or TypeError, or InputError to say what is wrong with which part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

import dns.name
from dns.name import Name

from appliance.addresses import (
    Endpoint,
    LocalSocket,
    Nameserver,
    ServerAddress,
    parse_endpoint,
    parse_listen_address,
    parse_nameserver,
    parse_server_address,
)
from appliance.durations import parse_duration
from appliance.errors import InvalidName, InvalidValue
from appliance.principal import SecondFactorRule
from appliance.zones.names import MAX_NAME_OCTETS, parse_domain, print_domain, refuse_control_characters
from appliance.zones.ownership import Proof

DomainName = Annotated[str, "domain name"]
Mailbox = Annotated[str, "mailbox"]
HostNames = Annotated[tuple[str, ...], "host names"]
Networks = Annotated[tuple[str, ...], "networks"]

MAX_LOCAL_PART = 63
"""Octets before the `@` of a mailbox that is written as a name: the maximum of a label."""
_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
"""The part of an email before the `@`, without quotes (RFC 5322 section 3.2.3, dot-atom)."""
_FIRST_LABEL = re.compile(r"((?:[^.\\]|\\.)*)\.(.*)", re.ASCII)
_ESCAPED = re.compile(r"\\(.)")


def _read_int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(value)
    return int(value)


def _read_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = _read_text(value).lower()
    if text not in ("true", "false"):
        raise ValueError(value)
    return text == "true"


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _read_list(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(map(_read_text, value))


def _read_domain(value: object) -> str:
    return print_domain(parse_domain(_read_text(value)))


def _read_mailbox(value: object) -> str:
    """Return the name of a mailbox (RFC 1035 section 8): dots before the `@` of an email are escaped in it."""
    text = _read_text(value)
    refuse_control_characters(text, None)
    if "@" in text:
        local, _, domain = text.rpartition("@")
    else:
        found = _FIRST_LABEL.fullmatch(text)
        if not found:
            raise InvalidName(f"{text!r} has no dot between the mailbox and its domain")
        local, domain = _ESCAPED.sub(r"\1", found[1]), found[2]
    if not _LOCAL_PART.fullmatch(local) or len(local) > MAX_LOCAL_PART:
        raise InvalidName(f"{local!r} is not a mailbox of 1 to {MAX_LOCAL_PART} letters, digits, dots and hyphens")
    try:
        return print_domain(Name((local.encode("ascii"), *parse_domain(domain).labels)))
    except dns.name.NameTooLong:
        raise InvalidName(f"as a name the mailbox is longer than {MAX_NAME_OCTETS} octets") from None


def _read_host(text: str) -> str:
    """Return the host name, or the address, in canonical form."""
    try:
        return str(ip_address(text))
    except ValueError:
        return print_domain(parse_domain(text))


def _read_network(text: str) -> str:
    try:
        return str(ip_network(text)).removesuffix("" if "/" in text else f"/{ip_network(text).prefixlen}")
    except ValueError as refused:
        raise InvalidValue(str(refused)) from None


def _read_nameservers(value: object) -> tuple[Nameserver, ...]:
    servers = tuple(map(_read_nameserver, _read_list(value)))
    names = [server.name for server in servers]
    for name in names:
        if names.count(name) > 1:
            raise InvalidName(f"{name} is the name of two nameservers: each needs its own")
    return servers


def _read_nameserver(text: str) -> Nameserver:
    server = parse_nameserver(text)
    name = parse_domain(server.name)
    if len(name.labels) < 3:
        raise InvalidName(f"{server.name} has only one label: write the full host name")
    return Nameserver(print_domain(name), server.endpoint)


def _read_retention(value: object) -> timedelta:
    if value in (0, "0"):
        return timedelta(0)
    found = parse_duration(_read_text(value))
    if found is None or found < timedelta(days=1):
        raise ValueError(value)
    return found


def _read_server_address(text: str) -> ServerAddress:
    listed = parse_server_address(text)
    return ServerAddress(print_domain(parse_domain(listed.name)), listed.address)


READERS: Mapping[object, Callable[[object], object]] = {
    bool: _read_bool,
    int: _read_int,
    str: _read_text,
    DomainName: _read_domain,
    Mailbox: _read_mailbox,
    HostNames: lambda value: tuple(map(_read_host, _read_list(value))),
    Networks: lambda value: tuple(map(_read_network, _read_list(value))),
    Proof: lambda value: Proof(_read_text(value)),
    SecondFactorRule: lambda value: SecondFactorRule(_read_text(value)),
    timedelta: _read_retention,
    Path: lambda value: Path(_read_text(value)),
    Endpoint: lambda value: parse_endpoint(_read_text(value)),
    Endpoint | LocalSocket: lambda value: parse_listen_address(_read_text(value)),
    Endpoint | None: lambda value: None if value == "" else parse_endpoint(_read_text(value)),
    tuple[str, ...]: _read_list,
    tuple[Nameserver, ...]: _read_nameservers,
    tuple[ServerAddress, ...]: lambda value: tuple(map(_read_server_address, _read_list(value))),
}
EXPECTED: Mapping[object, str] = {
    bool: "true or false",
    int: "an integer",
    str: "a string",
    DomainName: "a domain name, such as catalog.example.net",
    Mailbox: "an email, such as hostmaster@example.net, or the same as a name, such as hostmaster.example.net",
    HostNames: "a list of host names or addresses without ports, such as dns.example.net",
    Networks: "a list of addresses or networks, such as 192.0.2.7 or 192.0.2.0/24",
    Proof: "off, delegated or always",
    SecondFactorRule: "off, operators or all",
    timedelta: "a duration of a day or more, such as 730d or 48h, or 0",
    Path: "a path",
    Endpoint: "address:port, such as 127.0.0.1:8053",
    Endpoint | LocalSocket: (
        "address:port, such as 127.0.0.1:8053, or unix: and the absolute path of a socket, 107 octets at most, "
        "such as unix:/run/dns-appliance-api/api.sock"
    ),
    Endpoint | None: "address:port, such as 192.0.2.53:53, or empty",
    tuple[str, ...]: "a list of strings",
    tuple[Nameserver, ...]: "a list of name=address:port, such as ns1.example.net=192.0.2.1:53",
    tuple[ServerAddress, ...]: "a list of name=address, such as ns1.example.net=2001:db8::1",
}
