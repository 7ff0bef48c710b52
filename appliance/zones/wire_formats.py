"""The frequent record types: the API's `value` and `priority` -> the wire form of the rdata, without dnspython.

Each function is the `write` of a format in `appliance.zones.rdata`; it raises InvalidValue with the field.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Callable, Mapping

import dns.ipv4
import dns.ipv6
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import InvalidValue
from appliance.zones.names import parse_target

_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
PRINT_ADDRESS: Mapping[RdataType, Callable[[bytes], str]] = {
    RdataType.A: dns.ipv4.inet_ntoa,
    RdataType.AAAA: dns.ipv6.inet_ntoa,
}
"""The text of an address in wire form, in its canonical form."""


def write_ipv4(value: str, _priority: int, _origin: Name) -> bytes:
    """Return an IPv4 address (RFC 1035 section 3.4.1)."""
    try:
        return ipaddress.IPv4Address(value).packed
    except ValueError:
        raise InvalidValue(f"{value!r} is not an IPv4 address such as 192.0.2.1", "value") from None


def write_ipv6(value: str, _priority: int, _origin: Name) -> bytes:
    """Return an IPv6 address (RFC 3596 section 2.2)."""
    try:
        if "%" in value:
            raise ValueError(value)
        return ipaddress.IPv6Address(value).packed
    except ValueError:
        raise InvalidValue(f"{value!r} is not an IPv6 address such as 2001:db8::1", "value") from None


def write_target(value: str, _priority: int, origin: Name) -> bytes:
    """Return a host name."""
    return _wire_of(parse_target(value, origin))


def _server(value: str, origin: Name, *, null_allowed: bool = False) -> bytes:
    """Return the host name of a server in wire form; underscores are not valid in it (RFC 1123 section 2.1)."""
    name = parse_target(value, origin, null_allowed=null_allowed)
    if any(b"_" in label for label in name.labels):
        raise InvalidValue(f"{value} is not a host name: it has an underscore", "value")
    return _wire_of(name)


def _wire_of(name: Name) -> bytes:
    return b"".join(bytes((len(label),)) + label for label in name.labels)


def write_ns(value: str, _priority: int, origin: Name) -> bytes:
    """Return the host name of a nameserver."""
    return _server(value, origin)


def write_mx(value: str, priority: int, origin: Name) -> bytes:
    """Return priority and host name of a mail server (RFC 1035 section 3.3.9)."""
    if value.count(" ") == 1 and _NUMBER.fullmatch(value.split(" ", maxsplit=1)[0]):
        raise InvalidValue("set the priority in `priority` only; the value is the host name", "value")
    if value == "." and priority != 0:
        raise InvalidValue('a null MX (the value ".") must have priority 0 (RFC 7505)', "value")
    return priority.to_bytes(2) + _server(value, origin, null_allowed=True)


def write_srv(value: str, priority: int, origin: Name) -> bytes:
    """Return priority, weight, port and host name of a service (RFC 2782)."""
    words = value.split(" ")
    if len(words) == 4 and all(map(_NUMBER.fullmatch, words[:3])):
        raise InvalidValue("set the priority in `priority` only; the value must be: weight port target", "value")
    if len(words) != 3 or not all(map(_is_uint16, words[:2])):
        raise InvalidValue("the value must be: weight port target, such as 10 5060 sip.example.com", "value")
    target = _server(words[2], origin, null_allowed=True)
    return struct.pack("!HHH", priority, int(words[0]), int(words[1])) + target


def _is_uint16(word: str) -> bool:
    return bool(_NUMBER.fullmatch(word)) and int(word) <= 65535
