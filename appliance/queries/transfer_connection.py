"""A kept connection to one nameserver for signed zone transfers, read as octets (RFC 5936, RFC 1995, RFC 8945).

Every message is verified before its records are returned, and the last one must be signed. A nameserver that gives no
complete answer raises CommandTimeout, one that refuses or answers what is not valid CommandFailed.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from dns.exception import FormError
from dns.name import Name
from dns.rcode import Rcode
from dns.rcode import to_text as rcode_text
from dns.rdatatype import RdataType

from appliance import wire
from appliance.addresses import Endpoint
from appliance.errors import CommandFailed, CommandTimeout
from appliance.keys import CLOCKS_DIFFER, Key, KeyFile, present_key
from appliance.queries.wire_records import read_answers
from appliance.tsig import ResponseVerifier, SignatureError, read_signature, sign
from appliance.zones.delta import WireRecord

_IN = 1
_CHUNK = 1 << 16


class TransferConnection:
    """One transfer at a time; `timeout` is in seconds without progress, `clock` the time of day for signatures.

    The connection is opened by the first request, and again after an error or when the nameserver has closed it.
    """

    def __init__(
        self, endpoint: Endpoint, key: Key | KeyFile, clock: Callable[[], datetime], timeout: float = 30.0
    ) -> None:
        self._endpoint, self._key, self._clock, self._timeout = endpoint, key, clock, timeout
        self._socket: socket.socket | None = None
        self._verifier: ResponseVerifier | None = None
        self._number = 0
        self._argv: tuple[str, ...] = ("transfer",)

    def request(self, zone: Name, rdtype: RdataType, authority: bytes = b"") -> None:
        """Request a transfer; `authority` is the record of that section, if it needs one."""
        self._argv = ("transfer", zone.to_text())
        self._number, key = int.from_bytes(os.urandom(2), "big"), present_key(self._key)
        header = struct.pack("!6H", self._number, 0, 1, 0, int(bool(authority)), 0)
        query = header + zone.to_digestable() + struct.pack("!HH", rdtype, _IN) + authority
        signed = sign(query, key, self._now())
        self._verifier = ResponseVerifier(key, signed.mac)
        with self._as_command_errors():
            if self._socket is not None and _is_closed(self._socket):
                self.close()
            if self._socket is None:
                self._socket = socket.create_connection((self._endpoint.host, self._endpoint.port), self._timeout)
            self._socket.sendall(len(signed.wire).to_bytes(2, "big") + signed.wire)

    def receive(self) -> list[WireRecord]:
        """Return the records of the next message, at least one."""
        with self._as_command_errors():
            message = self._octets(int.from_bytes(self._octets(2), "big"))
            self._verify(message)
            records = read_answers(message)
            if not records:
                raise self.failure("a message has no records")
            return records

    def finish(self) -> None:
        """End the transfer after its last message, which must have been signed."""
        if self._verifier is None or self._verifier.unsigned:
            self.close()
            raise self.failure("the last message is not signed")

    def close(self) -> None:
        """Close the connection, with all that was not received of a transfer."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def failure(self, reason: str) -> CommandFailed:
        """Return the error for a response that is not valid."""
        return CommandFailed(self._argv, f"{self._endpoint}: {reason}")

    def _verify(self, message: bytes) -> None:
        header = wire.read_header(message)
        if header.number != self._number or not header.is_response:
            raise self.failure("the answer to another request")
        assert self._verifier is not None  # noqa: S101 - there was a request
        try:
            signature = self._verifier.verify(message, self._now())
        except SignatureError as failed:
            signature, reason = read_signature(message), str(failed)
        else:
            reason = ""
        if signature and signature.error == Rcode.BADTIME:
            raise self.failure(CLOCKS_DIFFER)
        if header.rcode:
            raise self.failure(f"refused with {rcode_text(Rcode(header.rcode))}")
        if reason:
            raise self.failure(reason)

    def _octets(self, count: int) -> bytes:
        assert self._socket is not None  # noqa: S101 - there was a request
        received = bytearray()
        while len(received) < count:
            part = self._socket.recv(min(count - len(received), _CHUNK))
            if not part:
                raise ConnectionError("the connection was closed")
            received += part
        return bytes(received)

    def _now(self) -> int:
        return int(self._clock().timestamp())

    @contextmanager
    def _as_command_errors(self) -> Iterator[None]:
        """Convert errors to CommandError, and close the connection after one."""
        try:
            yield
        except BaseException as failed:
            self.close()
            if isinstance(failed, TimeoutError):
                reason = f"no answer within {self._timeout:g} s"
                raise CommandTimeout(self._argv, f"{self._endpoint}: {reason}") from None
            if isinstance(failed, OSError):
                raise CommandTimeout(self._argv, f"{self._endpoint}: {failed.strerror or failed}") from failed
            if isinstance(failed, FormError):
                raise self.failure(f"malformed message: {failed}") from failed
            raise


def _is_closed(kept: socket.socket) -> bool:
    """Return whether the nameserver has closed a kept connection, on which nothing is awaited."""
    timeout = kept.gettimeout()
    kept.settimeout(0)
    try:
        kept.recv(1)
    except BlockingIOError:
        kept.settimeout(timeout)
        return False
    except OSError:
        return True
    return True
