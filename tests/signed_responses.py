"""Responses that a nameserver signs, created with dnspython."""

from __future__ import annotations

from typing import Any

import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dns.name import Name
from dns.rdtypes.ANY.TSIG import TSIG as TsigData  # noqa: N811 - a class, beside the type of that name

from appliance.keys import Key
from appliance.tsig import read_signature

NOW = 1935662400
"""When the responses are signed, in seconds since 1970."""


def keyring(key: Key) -> dns.tsig.Key:
    """Return the key as dnspython has it."""
    return dns.tsig.Key(key.name, key.octets, key.algorithm)


class SigningServer:
    """Signs the responses to one request, in their order."""

    def __init__(self, key: Key, request: bytes) -> None:
        signature = read_signature(request)
        assert signature is not None
        self._key, self._mac, self._number = keyring(key), signature.mac, signature.number
        self._context: Any = None

    def sign(self, response: bytes, *, multi: bool = False, now: int = NOW, error: int = 0) -> bytes:
        """Return the response with the id of the request and a signature; `multi`: more may follow."""
        response = self._number.to_bytes(2, "big") + response[2:]
        unsigned = TsigData(
            dns.rdataclass.ANY, dns.rdatatype.TSIG, self._key.algorithm, now, 300, b"", self._number, error, b""
        )
        data, self._context = dns.tsig.sign(response, self._key, unsigned, now, self._mac, self._context, multi)
        return append_signature(response, self._key.name, data)

    def skip(self, response: bytes) -> bytes:
        """Return the response without a signature; the next signature covers it."""
        response = self._number.to_bytes(2, "big") + response[2:]
        self._context.update(response)
        return response


def append_signature(response: bytes, name: Name, data: TsigData) -> bytes:
    """Return the response with this TSIG record."""
    octets = data.to_wire() or b""
    head = (name.to_wire() or b"") + b"\0\xfa\0\xff\0\0\0\0" + len(octets).to_bytes(2, "big")
    return response[:10] + b"\0\1" + response[12:] + head + octets
