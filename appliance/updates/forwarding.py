"""Queries, passed on to the primary as they are, and its responses."""

from __future__ import annotations

import secrets
import socket
import struct
from dataclasses import dataclass

from dns.rcode import Rcode

from appliance.addresses import Endpoint
from appliance.updates.messages import ErrorResponse, Request
from appliance.wire import HEADER_OCTETS

TIMEOUT = 1.5
"""Seconds to wait for the primary; clients wait two or more."""


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Asks the nameserver at `primary`."""

    primary: Endpoint
    timeout: float = TIMEOUT

    def ask(self, request: Request, *, is_tcp: bool) -> bytes:
        """Return the response to the query without its signature, under its message id.

        Raise ErrorResponse with SERVFAIL if there is none in time.
        """
        number = secrets.token_bytes(2)
        query = number + request.unsigned[2:]
        try:
            response = self._ask_tcp(query) if is_tcp else self._ask_udp(query)
        except OSError as error:
            raise ErrorResponse(Rcode.SERVFAIL, f"the primary did not answer: {str(error) or 'timeout'}") from None
        return request.wire[:2] + response[2:]

    def _ask_udp(self, query: bytes) -> bytes:
        """Return the first response that has the message id; another one is late or forged."""
        with socket.socket(_family(self.primary), socket.SOCK_DGRAM) as sender:
            sender.settimeout(self.timeout)
            sender.connect((self.primary.host, self.primary.port))
            sender.send(query)
            while True:
                response = sender.recv(65535)
                if len(response) >= HEADER_OCTETS and response[:2] == query[:2]:
                    return response

    def _ask_tcp(self, query: bytes) -> bytes:
        with socket.create_connection((self.primary.host, self.primary.port), self.timeout) as connection:
            connection.sendall(struct.pack("!H", len(query)) + query)
            with connection.makefile("rb") as stream:
                response = stream.read(int.from_bytes(stream.read(2), "big"))
        if len(response) < HEADER_OCTETS:
            raise OSError("the connection was closed")
        return response


def _family(endpoint: Endpoint) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
