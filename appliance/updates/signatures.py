"""TSIG (RFC 8945): verify the signature of a request, sign its responses."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import dns.tsig
from dns.exception import FormError
from dns.rcode import Rcode
from dns.rdataclass import ANY
from dns.rdatatype import TSIG
from dns.rdtypes.ANY.TSIG import TSIG as TsigData  # noqa: N811 - a class, beside the type of that name

from appliance.errors import AuthenticationFailed
from appliance.updates.messages import Request, Signature

ALGORITHMS = frozenset({dns.tsig.HMAC_SHA256, dns.tsig.HMAC_SHA384, dns.tsig.HMAC_SHA512})
"""A key signs with each of these; MD5 and SHA-1 are refused as unknown keys are."""
MAX_SKEW = 300
"""Seconds by which the clocks may differ, however many the client allows."""


class SignatureRefused(AuthenticationFailed):
    """The signature is not valid; `rcode` is the error of the TSIG record in the response (RFC 8945 section 5.2)."""

    def __init__(self, rcode: Rcode) -> None:
        super().__init__(rcode.name)
        self.rcode = rcode


class WrongTime(Exception):
    """The clocks differ by more than signed messages allow; the signature is right."""


@dataclass(slots=True)
class ResponseSigner:
    """Signs the responses to one request: one, or the messages of a zone transfer in their order."""

    key: dns.tsig.Key = field(repr=False)
    request_mac: bytes
    fudge: int
    _context: object = field(default=None, repr=False)

    def sign(self, response: bytes, now: int, *, error: int = 0, other: bytes = b"", multi: bool = False) -> bytes:
        """Return the response with a signature of that time, in seconds since 1970; `multi`: more may follow."""
        number = int.from_bytes(response[:2], "big")
        unsigned = TsigData(ANY, TSIG, self.key.algorithm, now, self.fudge, b"", number, error, other)
        data, self._context = dns.tsig.sign(response, self.key, unsigned, now, self.request_mac, self._context, multi)
        return _append(response, Signature(self.key.name, data, 0))


def verify(request: Request, signature: Signature, secret: bytes) -> ResponseSigner:
    """Return the signer of the responses to a request whose signature is right.

    Raise SignatureRefused with BADKEY for an algorithm that is not accepted, BADSIG for a wrong secret or a changed
    message. The time is left to `check_time`.
    """
    data = signature.data
    if data.algorithm not in ALGORITHMS:
        raise SignatureRefused(Rcode.BADKEY)
    if data.error:
        raise FormError("the TSIG record of a request must not have an error")
    key = dns.tsig.Key(signature.key_name, secret, data.algorithm)
    try:
        dns.tsig.validate(request.wire, key, signature.key_name, data, data.time_signed, b"", signature.start)
    except dns.tsig.BadSignature:
        raise SignatureRefused(Rcode.BADSIG) from None
    return ResponseSigner(key, data.mac, data.fudge)


def check_time(signature: Signature, now: int) -> None:
    """Raise WrongTime if the request was signed too long before or after `now`."""
    if abs(signature.data.time_signed - now) > min(signature.data.fudge, MAX_SKEW):
        raise WrongTime


def refuse(request: Request, signature: Signature, rcode: Rcode, signer: ResponseSigner | None, now: int) -> bytes:
    """Return the response NOTAUTH with the TSIG error; that for BADTIME is signed, and has the time of this host.

    Its signature has the time of the request, so that the client can verify it (RFC 8945 section 5.2.3).
    """
    response, sent = request.response(Rcode.NOTAUTH), signature.data
    if signer and rcode == Rcode.BADTIME:
        return signer.sign(response, sent.time_signed, error=rcode, other=now.to_bytes(6, "big"))
    data = TsigData(ANY, TSIG, sent.algorithm, sent.time_signed, sent.fudge, b"", request.number, rcode, b"")
    return _append(response, Signature(signature.key_name, data, 0))


def _append(response: bytes, signature: Signature) -> bytes:
    octets = signature.data.to_wire() or b""
    count = int.from_bytes(response[10:12], "big") + 1
    record = (signature.key_name.to_wire() or b"") + struct.pack("!HHIH", TSIG, ANY, 0, len(octets)) + octets
    return response[:10] + count.to_bytes(2, "big") + response[12:] + record
